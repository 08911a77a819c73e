"""Around every request: metrics, security headers, CSRF for all of the API, errors in the API's shape."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware

from fruits.web import metrics
from fruits.web.api import CODES
from fruits.web.http import problem

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Observed:
    """Measures every request by its route, never by its address."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and count the answer."""
        started = time.perf_counter()
        response = self._get_response(request)
        match = request.resolver_match
        route = match.route if match is not None else "file" if response.status_code < 400 else "none"
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
        metrics.requests.labels(method, route, str(response.status_code)).observe(time.perf_counter() - started)
        return response


class SecurityHeaders:
    """Headers that every answer carries; a view may set a stricter one."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers."""
        response = self._get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ApiErrors:
    """Errors that do not come from an operation (unknown path, wrong method, damaged form) in the API's shape."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; an error of the API that is not JSON is said again as JSON."""
        response = self._get_response(request)
        if response.status_code < 400 or not request.path_info.startswith("/api/"):
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        code = "server-error" if response.status_code >= 500 else CODES.get(response.status_code, "bad-request")
        again = problem(response.status_code, code)
        if "Allow" in response.headers:
            again["Allow"] = response["Allow"]
        return again


class CsrfEverywhere(CsrfViewMiddleware):
    """Django's CSRF check for the views that Django's own middleware leaves out: django-ninja marks its as exempt.

    It stands after that one, which reads and sets the cookie. Anonymous uploads count too. The token must come as a
    header; a form field will not do. This is also where a form is first parsed.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Leave the cookie to Django's middleware."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Leave the cookie to Django's middleware."""
        return response

    def process_view(
        self, request: HttpRequest, callback: Callable[..., Any], callback_args: Any, callback_kwargs: Any
    ) -> Any:
        """Refuse a changing request without the token."""
        if request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            return None
        if not request.headers.get("X-CSRFToken"):
            return problem(403, "csrf")
        try:
            return super().process_view(request, _protected, callback_args, callback_kwargs)
        except (TooManyFilesSent, TooManyFieldsSent):
            return problem(400, "too-many-parts")
        except RequestDataTooBig:
            return problem(413, "too-large", limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        except (MultiPartParserError, SuspiciousOperation):
            return problem(400, "bad-request")


def _protected(request: HttpRequest) -> HttpResponse:
    """Stand for any view: it is not exempt."""
    raise NotImplementedError
