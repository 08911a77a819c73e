"""Where everything is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from fruits.web import pages
from fruits.web.api import api

urlpatterns = [
    path("healthz", pages.health),
    path("readyz", pages.readiness),
    path("metrics", pages.prometheus),
    path("api/", api.urls),
    path("model/<slug:version>/<str:name>", pages.model_file),
    path("", pages.shell),
    re_path(r"^(?!api/|static/|model/|assets/)(?P<path>.+)$", pages.shell),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A damaged request."""
    return HttpResponse("bad request\n", status=400, content_type="text/plain")


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing there."""
    return HttpResponse("not found\n", status=404, content_type="text/plain")


def handler500(request: HttpRequest) -> HttpResponse:
    """A mistake of ours; the log has it."""
    return HttpResponse("server error\n", status=500, content_type="text/plain")
