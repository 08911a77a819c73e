"""What the server counts, for Prometheus; nothing in it is about a person."""

from __future__ import annotations

import os

from django.http import HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)

requests = Histogram(
    "fruits_http_request_seconds", "Time to answer, by route", ("method", "route", "status"), buckets=_SECONDS
)
stage = Histogram("fruits_recognition_seconds", "Time of a stage of recognition", ("stage",), buckets=_SECONDS)
recognised = Counter("fruits_recognitions", "Photos recognised, by how sure the engine was", ("outcome",))
refused = Counter("fruits_photos_refused", "Photos refused, by reason", ("reason",))
limited = Counter("fruits_requests_refused_at_the_gate", "Requests refused before the application", ("code",))
uploading = Gauge("fruits_uploads_in_memory_bytes", "Bytes of uploads held in memory", multiprocess_mode="livesum")


def page() -> HttpResponse:
    """All of it, of all workers, in Prometheus' text format."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):  # set by `fruits serve --workers` for prometheus_client itself
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
