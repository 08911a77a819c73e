"""What is not the API: the application's page, the model for browsers, health and metrics."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from fruits.web import metrics
from fruits.web.http import problem
from fruits.web.recognition import engine, photos

_NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Fruits!</title><h1>Fruits!</h1>"
    "<p>The API runs (<a href=/api/docs>its documentation</a>), but the application is not built: run <code>make "
    "setup</code>, or <code>npm ci &amp;&amp; npm run build</code> in <code>frontend/</code>, and start again.</p>"
)


@require_safe
def shell(request: HttpRequest, path: str = "") -> HttpResponse:
    """The application's one page, for every address that is the application's own."""
    if "." in path.rpartition("/")[2]:
        raise Http404
    page = settings.APP_FOLDER / "index.html"
    try:
        content, status = _read(page, page.stat().st_mtime_ns), 200
    except OSError:
        content, status = _NOT_BUILT.encode(), 503
    response = HttpResponse(content, status=status, content_type="text/html; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def model_file(request: HttpRequest, version: str, name: str) -> HttpResponseBase:
    """The released model or its card, under an address that changes with them."""
    files = engine.model_files()
    if files is None or version != files.version:
        raise Http404
    if name == f"{files.name}.onnx":
        response: HttpResponseBase = FileResponse(files.model.open("rb"), content_type="application/octet-stream")
    elif name == f"{files.name}.json":
        response = HttpResponse(files.card.read_bytes(), content_type="application/json")
    else:
        raise Http404
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readiness(request: HttpRequest) -> HttpResponse:
    """It can do its work: database there and migrated, storage there, model loaded."""
    checks = {"database": _database_ready(), "storage": _storage_ready(), "model": engine.ready()}
    ready = all(checks.values())
    return JsonResponse({"status": "ok" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Metrics, for a holder of ``FRUITS_METRICS_TOKEN``; without such a token for this machine alone."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_local(request)
    if not allowed:
        return HttpResponse("metrics are for this machine, or for a token\n", status=403, content_type="text/plain")
    return metrics.page()


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A changing request without the right token."""
    return problem(403, "csrf")


@lru_cache(maxsize=2)
def _read(page: Path, changed: int) -> bytes:
    return page.read_bytes()


@lru_cache(maxsize=1)
def _migrated() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise DatabaseError("migrations are missing")
    return True


def _database_ready() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return _migrated()
    except DatabaseError:
        return False


def _storage_ready() -> bool:
    try:
        photos.storage_of(settings.DEFAULT_REGION).exists("ready")
    except Exception:  # noqa: BLE001  (whatever a storage raises, it is not ready)
        return False
    return True


def _is_local(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
