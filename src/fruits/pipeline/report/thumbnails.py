"""Small pictures of a few images, kept with the run so that the report can be redrawn without IMAGES."""

from __future__ import annotations

import io
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from PIL import Image

from fruits.engine import EngineError, Recogniser
from fruits.pipeline.manifest import read_markers
from fruits.pipeline.report.data import MOST_SLICES, THUMBNAILS_FILE, evenly
from fruits.pipeline.tables import from_parquet, to_parquet
from fruits.records import METADATA, SliceMarker
from fruits.storage import MissingError, Storage, StorageError
from fruits.vision.decode import Limits, decode
from fruits.vision.errors import VisionError

SCHEMA = pa.schema([("path", pa.string()), ("label", pa.string()), ("jpeg", pa.binary()), ("seen", pa.string())])

_QUALITY = 82
_LONGEST = 2.0  # longer side over the shorter one; the page crops to a square
_THREADS = 8


def write_thumbnails(
    images: Storage,
    out: Storage,
    count: int = 36,
    size: int = 112,
    limits: Limits | None = None,
    recogniser: Recogniser | None = None,
) -> None:
    """Write ``model_info/thumbnails.parquet``: up to ``count`` embedded images, spread over the labels.

    Args:
        images: where the images are; one that is gone or no longer opens is left out.
        out: a run with committed slices; at most :data:`MOST_SLICES` of their metadata tables are read.
        count: number of thumbnails.
        size: shorter side of a thumbnail in pixels.
        limits: what a file may ask of us.
        recogniser: says which species it sees on each of them, for the column ``seen``.

    Raises:
        StorageError: ``out`` cannot be read or written.
    """
    bounds = limits or Limits()

    def draw(row: tuple[str, str]) -> dict[str, object] | None:
        path, label = row
        try:
            content = images.read(path, limit=bounds.max_bytes)
            jpeg = _thumbnail(content, size, bounds)
            seen = _seen(recogniser, content, bounds) if recogniser else None
        except (StorageError, VisionError, EngineError):
            return None
        return {"path": path, "label": label, "jpeg": jpeg, "seen": seen}

    with ThreadPoolExecutor(_THREADS) as threads:
        drawn = [row for row in threads.map(draw, _choose(out, count)) if row is not None]
    out.write(THUMBNAILS_FILE, to_parquet(pa.Table.from_pylist(drawn, SCHEMA)))


def _choose(out: Storage, count: int) -> list[tuple[str, str]]:
    """Return up to ``count`` pairs (path, label), sorted by label: one each of many labels, several each of few."""
    slices = evenly([marker for marker in read_markers(out) if marker.features], MOST_SLICES)
    with ThreadPoolExecutor(_THREADS) as threads:
        tables = list(threads.map(lambda marker: _paths(out, marker), slices))
    by_label: dict[str, list[str]] = defaultdict(list)
    for table in tables:
        for path, label in table:
            by_label[label].append(path)
    labels = evenly(sorted(by_label), count)
    chosen: list[tuple[str, str]] = []
    for i, label in enumerate(labels):
        share = (i + 1) * count // len(labels) - i * count // len(labels)
        # Not the first and the last: the middle of equal parts, so that one of many is a typical one.
        paths = by_label[label]
        parts = min(share, len(paths))
        chosen += [(paths[(2 * j + 1) * len(paths) // (2 * parts)], label) for j in range(parts)]
    return chosen


def _paths(out: Storage, marker: SliceMarker) -> list[tuple[str, str]]:
    try:
        table = from_parquet(out.read(f"{METADATA}/{marker.slice}.parquet"), columns=["path", "label"])
    except MissingError:
        return []
    return list(zip(table["path"].to_pylist(), table["label"].to_pylist(), strict=True))


def _seen(recogniser: Recogniser, content: bytes, limits: Limits) -> str:
    """What the engine says of a photo, in a few words."""
    answer = recogniser.identify(content, limits=limits)
    if not answer.is_produce:
        return "no fruit seen"
    return answer.species if answer.sure else f"perhaps {answer.species}"


def _thumbnail(data: bytes, size: int, limits: Limits) -> bytes:
    """Return a JPEG whose shorter side has ``size`` pixels, in the picture's own proportions (up to 2 : 1)."""
    photo = decode(data, 2 * size, limits)  # a square, so that a huge JPEG is decoded at a fraction of its size
    ratio = photo.width / photo.height
    width = round(size * min(max(ratio, 1), _LONGEST))
    height = round(size * min(max(1 / ratio, 1), _LONGEST))
    file = io.BytesIO()
    Image.fromarray(photo.pixels).resize((width, height), Image.Resampling.BICUBIC).save(
        file, "JPEG", quality=_QUALITY, optimize=True
    )
    return file.getvalue()
