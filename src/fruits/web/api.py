"""The API: every router under one OpenAPI document, every error in one shape."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

import fruits
from fruits.web.accounts.api import router as accounts
from fruits.web.errors import ApiError
from fruits.web.http import problem
from fruits.web.privacy.api import router as privacy
from fruits.web.recognition.api import router as recognition
from fruits.web.recognition.history import router as history

_log = logging.getLogger("fruits.web.api")
CODES = {400: "bad-request", 401: "not-signed-in", 403: "forbidden", 404: "not-found", 405: "method", 413: "too-large"}

api = NinjaAPI(
    title="Fruits!",
    version=fruits.__version__,
    description=(
        "Photo in, fruit out. Every changing request carries the token of `GET /api/session` as `X-CSRFToken`. "
        "`Accept-Language` chooses the language of messages: `en` or `fr`."
    ),
    urls_namespace="api",
)
api.add_router("", recognition)
api.add_router("", accounts)
api.add_router("", privacy)
api.add_router("/history", history)


@api.exception_handler(ApiError)
def _refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    return problem(error.status, error.code, limit=error.limit, retry_after=error.retry_after, fields=error.fields)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields: dict[str, list[str]] = {}
    for one in error.errors:
        place = [str(part) for part in one["loc"][1:]] or ["request"]
        if place[0] in ("wish", "wishes") and len(place) > 1:
            place = place[1:]
        fields.setdefault(".".join(place), []).append(str(one["msg"]))
    if list(fields) == ["photo"]:
        return problem(400, "no-photo")
    return problem(422, "invalid", fields=fields)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(401, "not-signed-in")


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, CODES.get(error.status_code, "bad-request"))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "not-found")


@api.exception_handler(SuspiciousOperation)
def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(400, "bad-request")


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponseBase:
    _log.error("unexpected error at %s", request.resolver_match and request.resolver_match.route, exc_info=error)
    return problem(500, "server-error")


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema())
