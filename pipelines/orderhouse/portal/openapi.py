"""OpenAPI document of the portal, and a page that shows it without a script or a resource of another server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orderhouse.portal.pages import render_docs

__all__ = ["docs_page", "openapi"]


@cache
def _document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text(encoding="utf-8"))
    return found


@cache
def openapi() -> str:
    """Return the document as JSON."""
    return json.dumps(_document(), ensure_ascii=False, indent=1)


@cache
def docs_page() -> str:
    """Return the page."""
    schemas = _document()["components"]["schemas"]
    fields = {name: list(_fields(schema)) for name, schema in schemas.items() if "properties" in schema}
    return render_docs(_document(), fields)


def _fields(schema: Mapping[str, Any], before: str = "") -> Iterator[dict[str, str]]:
    for name, about in schema.get("properties", {}).items():
        inner = about.get("items", about) if about.get("type") == "array" else about
        named = inner.get("$ref", "").rpartition("/")[2]
        kind = named or "one of " + ", ".join(inner["enum"]) if named or "enum" in inner else inner.get("type", "")
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        text = f"list of {kind}" if about.get("type") == "array" else kind
        yield {"name": f"{before}{name}", "type": text, "about": about.get("description", "")}
        yield from _fields(inner, f"{before}{name}.")
