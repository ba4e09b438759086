"""Answers to programs with a key: orders as the rows and columns of the key's role."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from orderhouse.access.access_file import load_access
from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.personal_ids import kind_of_id
from orderhouse.operations.audit_log import record
from orderhouse.portal.answers import etag_of, is_unchanged, json_answer, unchanged
from orderhouse.portal.current import Current
from orderhouse.portal.index import Index
from orderhouse.portal.keys import ApiKey, bearer, key_of
from orderhouse.portal.limits import Limits, client_subject
from orderhouse.serve.queries import find_order, rows_of
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of

__all__ = ["Api", "as_json"]

ORDERS = "ops.orders"
MOST_ORDERS = 200
WRONG_KEYS_PER_MINUTE = 20
# Other texts than these are no ids, and may be names.
ID = re.compile(r"[\w.:#/+-]{1,100}", re.ASCII)
PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
NO_KEY = "Send a key of this server: `Authorization: Bearer ohk_…`."
OF_CUSTOMER = """
select *, count(*) over () as total_
from ops.orders
where customer_id = $customer
order by placed_at desc, order_id
limit $limit offset $offset
"""


class _Refused(Exception):
    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


class Api:
    """Handlers of requests with a key. Each role has one connection, which its requests share by cursors."""

    def __init__(self, settings: Settings, current: Current, limits: Limits) -> None:
        self.settings = settings
        self.current = current
        self.limits = limits
        self._lock = threading.Lock()
        self._readers: dict[str, tuple[str, duckdb.DuckDBPyConnection]] = {}

    def close(self) -> None:
        """Close the connections."""
        for _, reader in self._readers.values():
            reader.close()

    async def order(self, request: Request) -> Response:
        """Answer with one order and all its parts that the role sees."""
        return await run_in_threadpool(self._answer, request, self._order)

    async def orders_of_customer(self, request: Request) -> Response:
        """Answer with the orders of a customer, the newest first."""
        return await run_in_threadpool(self._answer, request, self._orders)

    def _answer(self, request: Request, read: Callable[[duckdb.DuckDBPyConnection, Request], Any]) -> Response:
        try:
            index = self.current.index()
            key, role = self._checked(request)
            etag = etag_of(index.mark, role.digest, request.url.path, request.url.query)
            self._note(key, request)
            if is_unchanged(request, etag):
                return unchanged(etag, PRIVATE)
            with contextlib.closing(self._reader(index, role).cursor()) as reader:
                reader.execute("use held")  # the tables of a reader, which a cursor does not take over
                found = read(reader, request)
        except _Refused as refused:
            return json_answer({"error": refused.sentence}, refused.status, headers=refused.headers)
        return json_answer(as_json(found), headers={**PRIVATE, "ETag": etag})

    def _checked(self, request: Request) -> tuple[ApiKey, Role]:
        """Return the key of a request and its role."""
        text = bearer(request.headers.get("authorization", ""))
        challenge = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        if text is None:
            raise _Refused(401, NO_KEY, **challenge)
        key = key_of(self.settings, text)
        if key is None:
            subject = client_subject(request.client.host if request.client else None)
            self._limit(f"wrong keys of {subject}", WRONG_KEYS_PER_MINUTE)
            self._limit(subject, self.settings.portal_client_per_minute)
            raise _Refused(401, "This key is unknown or revoked.", **challenge)
        self._limit(f"key {key.key_id}", self.settings.portal_key_per_minute)
        role = load_access(self.settings).roles.get(key.role)
        if role is None or not role.reads(ORDERS):
            raise _Refused(403, f"The role {key.role} may not read orders.")
        return key, role

    def _limit(self, subject: str, most: int) -> None:
        wait = self.limits.wait(subject, most, 60)
        if wait:
            raise _Refused(429, f"Too many requests. Try again in {wait} seconds.", **{"Retry-After": str(wait)})

    def _note(self, key: ApiKey, request: Request) -> None:
        """Record what was asked for, where people sign in; see `orderhouse.operations.audit_log`."""
        if load_access(self.settings).is_oidc:
            told = {"by": "api", "name": key.name}
            record(
                self.settings,
                actor=f"key {key.key_id}",
                role=key.role,
                action="api",
                subject=self._asked_for(request),
                detail=told,
            )

    def _asked_for(self, request: Request) -> str:
        """Return the path that was asked for, with a token in place of a personal id, and without what is no id."""
        ((name, written),) = request.path_params.items()
        kind = kind_of_id(written)
        shown = written if ID.fullmatch(written) else f"({name} withheld)"
        if kind is not None:
            shown = token_of(load_keys(self.settings), kind, written.strip())
        return f"/v1/orders/{shown}" if name == "order_id" else f"/v1/customers/{shown}/orders"

    def _reader(self, index: Index, role: Role) -> duckdb.DuckDBPyConnection:
        with self._lock:
            mark, reader = self._readers.get(role.digest, ("", None))
            if mark == index.mark and reader is not None:
                return reader
            try:
                fresh = open_reader(self.settings, role=role, path=index.version.path)
            except OrderhouseError as error:
                self.current.log.error("%s", error.message)
                raise _Refused(503, "The orders cannot be read at the moment.", **{"Retry-After": "30"}) from None
            self._readers[role.digest] = (index.mark, fresh)
            if reader is not None:
                reader.close()  # cursors that are in use go on
            return fresh

    def _order(self, reader: duckdb.DuckDBPyConnection, request: Request) -> Any:
        try:
            view = find_order(reader, request.path_params["order_id"])
        except OrderhouseError:
            raise _Refused(404, "There is no such order that this key may see.") from None
        except duckdb.Error as error:
            raise self._failed(error) from None
        return {"order": view.order, **view.parts}

    def _orders(self, reader: duckdb.DuckDBPyConnection, request: Request) -> Any:
        limit = _number(request, "limit", 50, MOST_ORDERS)
        page = _number(request, "page", 1, 1_000_000)
        asked = {"customer": request.path_params["customer_id"], "limit": limit, "offset": (page - 1) * limit}
        try:
            rows = rows_of(reader, OF_CUSTOMER, asked)
        except duckdb.Error as error:
            raise self._failed(error) from None
        total = rows[0]["total_"] if rows else 0
        orders = [{name: value for name, value in row.items() if name != "total_"} for row in rows]
        return {"customer_id": asked["customer"], "total": total, "page": page, "limit": limit, "orders": orders}

    def _failed(self, error: duckdb.Error) -> _Refused:
        if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
            return _Refused(403, "The role of this key does not see what the answer is found by.")
        self.current.log.error("%s", str(error).splitlines()[0])
        return _Refused(503, "The orders cannot be read at the moment.", **{"Retry-After": "30"})


def _number(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise _Refused(400, f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def as_json(value: Any) -> str:
    """Return rows as JSON: amounts as text, instants as ISO 8601 in UTC, days as ISO 8601."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat()}Z"
    return (
        value.isoformat()
        if isinstance(value, date)
        else format(value, "f")
        if isinstance(value, Decimal)
        else str(value)
    )
