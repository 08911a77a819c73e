"""What every part of the API shares: the language, the signed-in user, and the shape of an error."""

from __future__ import annotations

import math
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.translation import get_language
from ninja import Schema
from ninja.security import APIKeyCookie

from fruits.catalogue import Language
from fruits.web.accounts.models import User
from fruits.web.messages import error_message


class Problem(Schema):
    """An error: ``code`` for programs, ``message`` for the person, in the language of the request."""

    code: str
    message: str
    limit: int | None = None
    retry_after: int | None = None
    fields: dict[str, list[str]] | None = None


def refusals(*statuses: int) -> dict[int, Any]:
    """The errors of an operation for the OpenAPI document; every operation may also say 400, 405, 429 and 503."""
    return dict.fromkeys(sorted({400, 405, 429, 503, *statuses}), Problem)


class SignedIn(APIKeyCookie):
    """The session cookie of a signed-in user; CSRF is checked for every changing request, signed in or not."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """The user of the session, or ``None``."""
        return optional_user(request)


def optional_user(request: HttpRequest) -> User | None:
    """The signed-in user, or ``None``."""
    return request.user if isinstance(request.user, User) else None


def user_of(request: HttpRequest) -> User:
    """The signed-in user of an operation that needs one."""
    return cast("User", request.user)


def language_of_request() -> Language:
    """The language that the request asked for."""
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def origin_of(request: HttpRequest) -> str:
    """Scheme and host of the site: its own origin when it is set, else that of the request."""
    return settings.ORIGIN or f"{request.scheme}://{request.get_host()}"


def problem(
    status: int,
    code: str,
    *,
    limit: int | None = None,
    retry_after: float | None = None,
    fields: dict[str, list[str]] | None = None,
) -> JsonResponse:
    """An error as the API answers it."""
    wait = None if retry_after is None else max(1, math.ceil(retry_after))
    message = error_message(code, language_of_request(), limit=limit, retry_after=wait)
    body: dict[str, Any] = {"code": code, "message": message}
    extra = {"limit": limit, "retry_after": wait, "fields": fields}
    body |= {name: value for name, value in extra.items() if value is not None}
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-store"
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
