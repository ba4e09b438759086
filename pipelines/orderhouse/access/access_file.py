"""Reading of `access.yaml`: mode, roles and people, or a sentence with file, line and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orderhouse.access.roles import BUILT_IN, Role
from orderhouse.config_values import TYPE_MESSAGES, nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = ["Access", "load_access"]

MODES = ("single-user", "oidc")


def _in_lower_case(value: Any) -> Any:
    return {str(key).casefold(): role for key, role in value.items()} if isinstance(value, dict) else value


class _Document(BaseModel):
    """The whole file as parsed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["single-user", "oidc"] = "single-user"
    session_hours: Annotated[float, Field(gt=0, le=720)] = 12
    group_claim: Annotated[str, Field(min_length=1)] = "groups"
    roles: dict[str, Role] = Field(default_factory=dict)
    people: Annotated[dict[str, str], BeforeValidator(_in_lower_case)] = Field(default_factory=dict)
    groups: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Access:
    """Access of one installation.

    Attributes:
        path: The file; it may not exist.
        mode: `single-user` or `oidc`.
        session_hours: Hours after which a person has to sign in again.
        group_claim: Claim that lists the groups of a person.
        roles: The roles by name, built-in ones included.
        people: Role by e-mail address in lower case.
        groups: Role by group; the first group of the file that a person has counts.
    """

    path: Path
    mode: str
    session_hours: float
    group_claim: str
    roles: Mapping[str, Role]
    people: Mapping[str, str]
    groups: Mapping[str, str]

    @property
    def is_oidc(self) -> bool:
        """Return True if people sign in."""
        return self.mode == "oidc"

    def role_named(self, name: str) -> Role:
        """Return a role.

        Raises:
            OrderhouseError: There is no such role; the message names the most similar one.
        """
        if name not in self.roles:
            raise OrderhouseError(f"{self.path}: {nearest_sentence('role', name, self.roles)}")
        return self.roles[name]

    def role_of(self, email: str | None, groups: list[str]) -> Role | None:
        """Return the role of a person: that of the e-mail address, else that of the first known group, else None."""
        own = self.people.get(email.casefold()) if email else None
        named = own or next((role for group, role in self.groups.items() if group in groups), None)
        return self.roles[named] if named else None


def load_access(settings: Settings) -> Access:
    """Read the access file in force; without one, the mode is `single-user` with the built-in roles.

    Raises:
        OrderhouseError: The file is missing although a setting names it, or has a mistake.
    """
    path = settings.access_file or settings.home / "access.yaml"
    document: dict[str, Any] = {}
    lines: dict[Keys, int] = {}
    if settings.access_file is not None or path.exists():
        document, lines = read_yaml(path, "roles file", "mode: oidc", "access_file")
        _refuse_empty(document, lines, path)
    try:
        parsed = _Document.model_validate(_with_defaults(document))
    except ValidationError as error:
        raise OrderhouseError(_explain(error, path, lines)) from None
    for kind, named in (("people", parsed.people), ("groups", parsed.groups)):
        for who, role in named.items():
            if role not in parsed.roles:
                where = next((line for keys, line in lines.items() if _is_about(keys, kind, who)), 1)
                raise OrderhouseError(f"{path}:{where}: {kind}: {who}: {nearest_sentence('role', role, parsed.roles)}")
    return Access(
        path=path,
        mode=parsed.mode,
        session_hours=parsed.session_hours,
        group_claim=parsed.group_claim,
        roles={
            name: role.named(name, declares_actions="actions" in document.get("roles", {}).get(name, {}))
            for name, role in parsed.roles.items()
        },
        people=parsed.people,
        groups=parsed.groups,
    )


def _is_about(keys: Keys, kind: str, who: str) -> bool:
    return len(keys) == 2 and keys[0] == kind and str(keys[1]).casefold() == who.casefold()


def _with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the built-in roles, whose keys the file's own replace one by one."""
    declared = document.get("roles", {})
    if not isinstance(declared, dict):
        return document
    built_in = {name: role.model_dump(exclude={"name"}) for name, role in BUILT_IN.items()}
    merged = {
        name: {**built_in.get(name, {}), **keys} if isinstance(keys, dict) else keys for name, keys in declared.items()
    }
    return {**document, "roles": {**built_in, **merged}}


def _refuse_empty(document: dict[str, Any], lines: dict[Keys, int], path: Path) -> None:
    """Refuse keys without a value: a filter of rows that is left empty must not become no filter."""
    for keys, line in sorted(lines.items(), key=lambda each: -len(each[0])):
        found: Any = document
        for key in keys:
            is_there = key in found if isinstance(found, dict) else isinstance(key, int) and isinstance(found, list)
            if not is_there:
                raise OrderhouseError(f"{path}:{line}: {'.'.join(str(each) for each in keys)} is empty.")
            found = found[key]
        if found is None or found == {} or found == "":
            raise OrderhouseError(f"{path}:{line}: {'.'.join(str(each) for each in keys)} is empty.")


def _explain(error: ValidationError, path: Path, lines: dict[Keys, int]) -> str:
    problems = error.errors()
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    keys = tuple(problem["loc"])
    where = f"{path}:{line_of(keys, lines)}"
    owner = f"role {keys[1]}" if len(keys) > 1 and keys[0] == "roles" else str(keys[0]) if keys else "the file"
    name = str(keys[-1]) if keys else ""
    if problem["type"] == "extra_forbidden":
        known = [each for each in (Role if keys[0] == "roles" else _Document).model_fields if each != "name"]
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        what = owner if len(keys) > 1 else "the file"
        return f"{where}: {what} has no key {name!r}; did you mean {nearest!r}?"
    if problem["type"] == "literal_error":
        return f"{where}: mode: {nearest_sentence('mode', str(problem['input']), MODES)}"
    message = TYPE_MESSAGES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    rest = ".".join(str(key) for key in keys[2 if keys[0] == "roles" else 1 :])
    sentence = f"{where}: {owner}: {rest}: {message}" if rest else f"{where}: {owner}: {message}"
    return sentence if sentence.endswith("?") else f"{sentence}."
