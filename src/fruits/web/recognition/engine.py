"""The engine in the server: one model per process, shared by its threads, as many photos at once as there are cores."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from fruits.errors import FruitsError
from fruits.vision.decode import DecodeError, Limits, Photo, can_open_heic, decode
from fruits.web import metrics
from fruits.web.errors import ApiError, WebError

if TYPE_CHECKING:
    from fruits.engine import Recogniser

WAIT_SECONDS = 10
_slots = threading.BoundedSemaphore(max(1, os.cpu_count() or 1))
_loading = threading.Lock()
# Pixels from which on only one picture is decoded at a time: 16 million are 64 MB with transparency.
_LARGE = 16_000_000
_one_large = threading.Lock()
# What the reasons of a DecodeError are over HTTP.
_STATUS = {
    "empty": (400, "empty"),
    "too-many-bytes": (413, "too-large"),
    "too-many-pixels": (413, "too-many-pixels"),
    "not-an-image": (415, "not-an-image"),
    "unsupported": (415, "unsupported"),
    "truncated": (400, "truncated"),
    "corrupt": (400, "corrupt"),
}


class EngineMissingError(WebError):
    """There is no model to recognise with."""


@dataclass(frozen=True)
class ModelFiles:
    """The released model and its card: what a browser downloads."""

    name: str
    size: int
    bytes: int
    sha256: str
    model: Path
    card: Path

    @property
    def version(self) -> str:
        """What stands in the address of the files, so that they may be cached for ever."""
        return hashlib.sha256((self.sha256 + self.card.read_text()).encode()).hexdigest()[:16]


def limits() -> Limits:
    """The site's limits for one photo."""
    opened = frozenset(name.upper() for name in formats())
    return Limits(settings.MAX_UPLOAD_BYTES, settings.MAX_PIXELS, settings.MAX_JPEG_PIXELS, opened)


def formats() -> list[str]:
    """The formats that an upload may have."""
    return ["jpeg", "png", "webp", "avif", *(["heic"] if can_open_heic() else [])]


@lru_cache(maxsize=1)
def model_files() -> ModelFiles | None:
    """The released model; ``None`` where there is none."""
    try:
        model = Path(settings.MODEL) if settings.MODEL else _released()
        card = model.with_suffix(".json")
        words = json.loads(card.read_text())
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    except (ImportError, OSError, ValueError, FruitsError):
        return None
    return ModelFiles(words["name"], int(words["size"]), model.stat().st_size, digest, model, card)


def recogniser() -> Recogniser:
    """The process's recogniser; raises ``EngineMissingError``."""
    with _loading:
        return _load()


def ready() -> bool:
    """Whether a photo can be recognised."""
    try:
        recogniser()
    except EngineMissingError:
        return False
    return True


def recognise(data: bytes) -> tuple[dict[str, Any], Photo]:
    """The answer for a photo, as JSON, and what the file said of itself.

    The photo is decoded at the size of the model and nothing of it is kept. Raises ``ApiError`` for a file that is
    not a photo within the limits, or when the server is too busy.
    """
    engine = _engine_or_503()
    with slot():
        started = time.perf_counter()
        photo = decode_within_limits(data, size=engine.card.size)
        decoded = time.perf_counter()
        found = engine.identify_pixels(photo.pixels[None])[0]
        metrics.stage.labels("decode").observe(decoded - started)
        metrics.stage.labels("identify").observe(time.perf_counter() - decoded)
    metrics.recognised.labels("sure" if found.sure else "unsure" if found.is_produce else "no-produce").inc()
    return json.loads(json.dumps(asdict(found))), photo


def decode_within_limits(data: bytes, *, size: int | None = None, longest: int | None = None) -> Photo:
    """Decode an upload; of pictures that are large in memory one at a time. Raises ``ApiError``."""
    allowed = limits()
    usual = replace(allowed, max_pixels=min(allowed.max_pixels, _LARGE))
    try:
        try:
            return decode(data, size, usual, longest=longest)
        except DecodeError as error:
            if error.reason != "too-many-pixels" or error.limit != usual.max_pixels:
                raise
        with _one_large:
            return decode(data, size, allowed, longest=longest)
    except DecodeError as error:
        metrics.refused.labels(error.reason).inc()
        raise refusal(error) from error


def refusal(error: DecodeError) -> ApiError:
    """The answer for a file that does not become a picture."""
    status, code = _STATUS[error.reason]
    return ApiError(status, code, limit=error.limit)


@contextlib.contextmanager
def slot() -> Iterator[None]:
    """Room to decode one photo: as many at once as there are cores, so that memory stays bounded."""
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise ApiError(503, "busy", retry_after=WAIT_SECONDS)
    try:
        yield
    finally:
        _slots.release()


def _engine_or_503() -> Recogniser:
    try:
        return recogniser()
    except EngineMissingError as error:
        raise ApiError(503, "no-model", retry_after=3600) from error


@lru_cache(maxsize=1)
def _load() -> Recogniser:
    try:
        from fruits.engine import Recogniser  # noqa: PLC0415  (the engine loads ONNX Runtime)

        return Recogniser.load(Path(settings.MODEL) if settings.MODEL else None)
    except (ImportError, OSError, FruitsError) as error:
        raise EngineMissingError(f"no model to recognise with: {error}") from error


def _released() -> Path:
    from fruits.engine import released  # noqa: PLC0415  (the engine loads ONNX Runtime)

    return Path(released())
