"""The ASGI application: ``uvicorn fruits.web.asgi:application``."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fruits.web.settings")

import django

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (the settings must be there first)

from fruits.web.gate import Gate, GateLimits  # noqa: E402
from fruits.web.handler import Handler  # noqa: E402
from fruits.web.memory import return_large_blocks  # noqa: E402
from fruits.web.recognition import catalogue, engine  # noqa: E402

_FORM = 2**16  # what multipart adds around a photo


def _warm() -> None:
    """Load what the first request would wait for; a server without a model still serves the rest."""
    catalogue.everything()
    engine.model_files()
    engine.ready()


return_large_blocks()
application = Gate(
    Handler(),
    GateLimits(
        photo=settings.MAX_UPLOAD_BYTES + _FORM,
        other=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        seconds=settings.UPLOAD_SECONDS,
    ),
    start=_warm,
)
