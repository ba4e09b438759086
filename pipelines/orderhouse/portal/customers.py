"""Pages and answers for the customer of an order: its tracking, and the forms of requests."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from orderhouse.actions.landing import land, landed_file, landing_lock, next_instant
from orderhouse.errors import OrderhouseError
from orderhouse.portal.answers import etag_of, html, is_unchanged, json_answer, unchanged
from orderhouse.portal.asked import Asked
from orderhouse.portal.asking import FormError, records_of, request_id_of, seen_mark
from orderhouse.portal.current import Current
from orderhouse.portal.languages import Language, choose_language, language_of
from orderhouse.portal.limits import Limits, client_subject
from orderhouse.portal.pages import form_page, message_page, tracking_page
from orderhouse.portal.proof import Proofs
from orderhouse.portal.shown_order import ShownOrder
from orderhouse.portal.tracking_ids import normal_id
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys

__all__ = ["Customers"]

FORMS = ("cancel", "change", "return")
BODY_BYTES = 16 << 10
BODY_SECONDS = 10
FIELDS = 100
ATTEMPTS_PER_HOUR = 8
CLIENT_ATTEMPTS_PER_HOUR = 30
UNKNOWN_JSON = {"error": "There is no order with this tracking id."}
REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
# The browser states the origin of a form only if the policy of its page lets it.
OF_FORMS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}


class Customers:
    """Handlers of requests of customers."""

    def __init__(self, settings: Settings, current: Current, limits: Limits) -> None:
        self.settings = settings
        self.current = current
        self.limits = limits
        self.asked = Asked(settings.actions)
        self._proofs: Proofs | None = None

    async def page(self, request: Request) -> Response:
        """Answer with the page of an order."""
        order, is_known = self._order(request)
        language = _language(request, order)
        etag = etag_of("page", self._state(order), language.code)
        if is_known and is_unchanged(request, etag):
            return unchanged(etag, REVALIDATED)
        page = tracking_page(order.tracking(), language) if order else None
        if not is_known:
            return html(message_page(_language(request, None), "not_found_title", "not_found"), 404, like=page)
        return html(str(page), headers={**REVALIDATED, "ETag": etag})

    async def answer(self, request: Request) -> Response:
        """Answer with the tracking of an order as JSON."""
        order, is_known = self._order(request)
        etag = etag_of("json", self._state(order))
        if is_known and is_unchanged(request, etag):
            return unchanged(etag, REVALIDATED)
        text = json.dumps(order.tracking(), ensure_ascii=False, separators=(",", ":")) if order else None
        if not is_known:
            return json_answer(UNKNOWN_JSON, 404, like=text)
        return json_answer(text, headers={**REVALIDATED, "ETag": etag})

    async def form(self, request: Request) -> Response:
        """Answer with the form of a request, or take one that is filled in."""
        if request.path_params["kind"] not in FORMS:
            raise HTTPException(404)
        if request.method == "POST":
            return await self._ask(request)
        order, is_known = self._order(request)
        return self._form(request, order, is_known, {}, None, 200)

    async def _ask(self, request: Request) -> Response:
        """Land the request of a form, and show the order with it."""
        form = await _form_in(request)
        if isinstance(form, Response):
            return form
        order, is_known = self._order(request)
        kind = request.path_params["kind"]
        error, status = self._refused(request, order, kind, form)
        if error is None and order is not None and is_known:
            error, status = await run_in_threadpool(self._land, order, kind, form)
        if error is not None or order is None or not is_known:
            return self._form(request, order, is_known, form, error, status)
        target = f"/track/{order.tracking_id}?lang={_language(request, order).code}"
        return html("", 303, headers={"Location": target, "Cache-Control": "no-store"})

    def _refused(
        self, request: Request, order: ShownOrder | None, kind: str, form: dict[str, str]
    ) -> tuple[str | None, int]:
        """Return what is wrong with the token or the proof of a form. Each form is an attempt."""
        if order is None:
            return "error_form", 404
        subject = client_subject(request.client.host if request.client else None)
        waits = (
            self.limits.wait(f"proof {normal_id(request.path_params['tracking_id'])!r}", ATTEMPTS_PER_HOUR, 3600),
            self.limits.wait(f"proof of {subject}", CLIENT_ATTEMPTS_PER_HOUR, 3600),
        )
        if any(waits):
            return "error_attempts", 429
        proofs = self._open_proofs()
        seen = proofs.seen_in(form.get("token", ""), order.tracking_id, kind)
        is_proved = proofs.holds(order.entry, form.get("proof", ""))
        if seen is None:
            return "error_form", 403
        return (None, 200) if is_proved else ("error_proof", 403)

    def _land(self, order: ShownOrder, kind: str, form: dict[str, str]) -> tuple[str | None, int]:
        """Judge and land the request of a form that was proved. One that was sent before is answered as then."""
        seen = self._open_proofs().seen_in(form["token"], order.tracking_id, kind) or ""
        order_id = order.entry.order_id
        request_id = request_id_of(kind, form, order_id=order_id, seen=seen)
        try:
            with landing_lock(self.settings):
                if landed_file(self.settings, request_id.hex) is not None:
                    return None, 200
                order.refresh()
                if seen != seen_mark(order.requests):
                    return "error_meanwhile", 409
                now = next_instant(self.settings)
                records = records_of(
                    kind, form, order.may, order_id=order_id, request_id=request_id, now=now, today=order.today
                )
                land(self.settings, request_id.hex, records, now)
        except FormError as wrong:
            return wrong.word, 422
        except OrderhouseError as error:
            self.current.log.error("%s", error.message)
            return "error_failed", 503
        return None, 200

    def _form(
        self,
        request: Request,
        order: ShownOrder | None,
        is_known: bool,
        form: dict[str, str],
        error: str | None,
        status: int,
    ) -> Response:
        language = _language(request, order)
        kind = request.path_params["kind"]
        page = None
        if order is not None:
            token = self._open_proofs().form_token(order.tracking_id, kind, seen_mark(order.requests))
            page = form_page(
                order.tracking(), language, kind=kind, may=order.may, token=token, form=form, error=error,
                today=order.today,
            )  # fmt: skip
        if not is_known or page is None:
            return html(message_page(_language(request, None), "not_found_title", "not_found"), 404, like=page)
        waits = {"Retry-After": "3600"} if status == 429 else {}
        return html(page, status, headers={**OF_FORMS, **waits})

    def _order(self, request: Request) -> tuple[ShownOrder | None, bool]:
        """Return the order of a request and whether it is known; of an unknown id another order, for the same work."""
        index = self.current.index()
        wanted = normal_id(request.path_params["tracking_id"])
        found, any_entry = index.find(wanted)
        if any_entry is None:
            return None, False
        return ShownOrder(self.settings, index, any_entry, wanted.decode(), self.asked), found is not None

    def _state(self, order: ShownOrder | None) -> str:
        """Return what decides the content of an answer about an order."""
        if order is None:
            return ""
        returns = [(each.line, each.at_most) for each in order.may.returns]
        may = (order.may.cancel, order.may.change, returns)
        return f"{self.current.index().mark} {order.tracking_id} {seen_mark(order.requests)} {may}"

    def _open_proofs(self) -> Proofs:
        if self._proofs is None:
            self._proofs = Proofs(load_keys(self.settings))
        return self._proofs


async def _form_in(request: Request) -> dict[str, str] | Response:
    """Return the fields of a form, or the answer to a body that is none."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return json_answer({"error": "Send the form as application/x-www-form-urlencoded."}, 415)
    too_large = json_answer({"error": f"The form is larger than {BODY_BYTES} bytes."}, 413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_BYTES:
                    return too_large
        fields = parse_qsl(body.decode("ascii", errors="replace"), keep_blank_values=True, max_num_fields=FIELDS)
    except TimeoutError:
        return json_answer({"error": f"The form did not arrive within {BODY_SECONDS} seconds."}, 408)
    except ClientDisconnect:
        return json_answer({"error": "The form ended early."}, 400)
    except ValueError:
        return json_answer({"error": f"The form has more than {FIELDS} fields."}, 400)
    return dict(fields)


def _language(request: Request, order: ShownOrder | None) -> Language:
    country = order.document["country"] if order else None
    code = choose_language(request.query_params.get("lang"), country, request.headers.get("accept-language"))
    return language_of(code, country)
