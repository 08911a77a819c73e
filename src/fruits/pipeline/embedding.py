"""One slice of the manifest becomes rows of features, metadata and errors, then a marker: what one Spark task does."""

from __future__ import annotations

import hashlib
import os
import platform
import resource
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fruits.pipeline.listing import Row, label_and_split
from fruits.pipeline.manifest import READ_STAGE, read_manifest
from fruits.pipeline.tables import SCHEMAS, from_parquet, to_parquet, vector_column
from fruits.records import ERRORS, FEATURES, METADATA, SLICES, SliceMarker
from fruits.storage import Entry, MissingError, Storage, StorageError, TooLargeError
from fruits.storage.base import printable_key
from fruits.vision.decode import DecodeError, Limits, Photo, decode
from fruits.vision.embedder import Embedder
from fruits.vision.errors import VisionError

IMAGES_AT_ONCE = 32  # handed to the embedder together
_AHEAD = 3 * IMAGES_AT_ONCE  # files read while this task's core computes
_AHEAD_BYTES = 64 * 2**20
_FILES_AT_ONCE = 4  # read by a thread in one go: handing over costs more than reading a small file


class Graph(Protocol):
    """A Spark broadcast of a backbone's ONNX bytes."""

    @property
    def value(self) -> bytes:
        """The bytes, fetched by a worker once."""


@dataclass(frozen=True)
class EmbeddingJob:
    """What a task needs besides its slice's id and the backbone's graph.

    Attributes:
        images, out: where images are read and tables are written.
        backbone: digest of the backbone.
        size: side of the backbone's input in pixels.
        readers: threads of a task that read; it decodes and embeds on its one core.
        limits: what a file may ask of us.
    """

    images: Storage
    out: Storage
    backbone: str
    size: int
    readers: int
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class _Refused:
    """Why an image gives no embedding."""

    stage: str
    reason: str
    detail: str


@dataclass(frozen=True)
class _File:
    """An image's bytes as they came, or why they did not."""

    entry: Entry
    content: bytes
    refused: _Refused | None = None


@dataclass(frozen=True)
class _Read:
    """An image: decoded, or refused; ``photo.pixels`` is uint8 [size, size, 3]."""

    entry: Entry
    photo: Photo | None
    refused: _Refused | None
    bytes: int
    sha256: str


def embed_slice(slice_id: str, job: EmbeddingJob, graph: Graph) -> SliceMarker:
    """Embed the images of a slice and commit it. Doing it again writes the same names with the same content."""
    started = time.time()
    rows = read_manifest(job.out, slice_id)
    tables = _Tables(job.images.uri)
    embedder = _embedder(job.backbone, graph)
    for batch in _batches(_read_ahead([entry for entry, source in rows if not source], job)):
        _embed(batch, embedder, tables)
    written = tables.built()
    carried = _carried(rows, job.out)
    for name, table in carried.items():
        written[name] = pa.concat_tables([written[name], table]).sort_by("path")
    for name, table in written.items():
        if len(table) or name != ERRORS:
            job.out.write(f"{name}/{slice_id}.parquet", to_parquet(table))
    marker = SliceMarker(
        slice=slice_id,
        backbone=job.backbone,
        first=rows[0][0].key,
        last=rows[-1][0].key,
        images=len(rows),
        features=len(written[FEATURES]),
        errors=len(written[ERRORS]),
        carried=sum(1 for _, source in rows if source),
        bytes_read=tables.bytes_read,
        reasons=_counts(written[ERRORS], "reason"),
        labels=_counts(written[FEATURES], "label"),
        splits=_counts(written[FEATURES], "split"),
        started=started,
        finished=time.time(),
        peak_memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        worker=f"{platform.node()}:{os.getpid()}",
    )
    if marker.features + marker.errors != marker.images:
        raise StorageError(
            f"slice {slice_id}: {marker.images} images gave {marker.features} rows and {marker.errors} errors;"
            " its source slices changed under it: run again"
        )
    job.out.write(f"{SLICES}/{slice_id}.json", marker.to_json())
    return marker


_EMBEDDERS: dict[str, Embedder] = {}  # one session per worker process, found by the backbone's digest


def _embedder(digest: str, graph: Graph) -> Embedder:
    if digest not in _EMBEDDERS:
        _EMBEDDERS.clear()
        _EMBEDDERS[digest] = Embedder(graph.value, threads=1)
    return _EMBEDDERS[digest]


def _read_ahead(entries: list[Entry], job: EmbeddingJob) -> Iterator[_Read]:
    """Yield the entries' images in order; threads read the next files meanwhile, so many as memory bears."""
    waiting: deque[Future[list[_File]]] = deque()
    upcoming = deque(entries[i : i + _FILES_AT_ONCE] for i in range(0, len(entries), _FILES_AT_ONCE))
    ahead = 0
    with ThreadPoolExecutor(job.readers) as threads:
        while upcoming or waiting:
            while upcoming and len(waiting) * _FILES_AT_ONCE < _AHEAD and ahead <= _AHEAD_BYTES:
                ahead += sum(max(entry.size, 0) for entry in upcoming[0])
                waiting.append(threads.submit(_read_some, upcoming.popleft(), job))
            for file in waiting.popleft().result():
                ahead -= max(file.entry.size, 0)
                yield _decode(file, job)


def _read_some(entries: Sequence[Entry], job: EmbeddingJob) -> list[_File]:
    return [_read(entry, job) for entry in entries]


def _read(entry: Entry, job: EmbeddingJob) -> _File:
    try:
        return _File(entry, job.images.read(entry.key, limit=job.limits.max_bytes))
    except TooLargeError as error:
        return _File(entry, b"", _Refused("decode", "too-many-bytes", str(error)))
    except MissingError as error:
        return _File(entry, b"", _Refused(READ_STAGE, "vanished", str(error)))
    except StorageError as error:
        return _File(entry, b"", _Refused(READ_STAGE, "unreadable", str(error)))


def _decode(file: _File, job: EmbeddingJob) -> _Read:
    photo, refused, digest = None, file.refused, ""
    if refused is None:
        try:
            photo = decode(file.content, job.size, job.limits)
            digest = hashlib.sha256(file.content).hexdigest()
        except DecodeError as error:
            refused = _Refused("decode", error.reason, str(error))
    return _Read(file.entry, photo, refused, len(file.content), digest)


def _batches(images: Iterator[_Read]) -> Iterator[list[_Read]]:
    """Yield the images in groups with at most :data:`IMAGES_AT_ONCE` decoded ones each."""
    batch: list[_Read] = []
    for image in images:
        batch.append(image)
        if len(batch) >= IMAGES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _embed(batch: list[_Read], embedder: Embedder, tables: _Tables) -> None:
    decoded = [image for image in batch if image.photo is not None]
    try:
        embeddings = iter(embedder.embed(_pixels(decoded, embedder.size)))
        batch_rows: list[NDArray[np.float32] | _Refused] = [next(embeddings) for _ in decoded]
    except VisionError:  # one image must not void its batch
        batch_rows = [_embed_alone(image, embedder) for image in decoded]
    answers = iter(batch_rows)
    for image in batch:
        tables.add(image, image.refused if image.photo is None else next(answers))


def _embed_alone(image: _Read, embedder: Embedder) -> NDArray[np.float32] | _Refused:
    try:
        row: NDArray[np.float32] = embedder.embed(_pixels([image], embedder.size))[0]
        return row
    except VisionError as error:
        return _Refused("embed", "no-embedding", str(error))


def _pixels(images: list[_Read], size: int) -> NDArray[np.uint8]:
    pixels = np.empty((len(images), size, size, 3), dtype=np.uint8)
    for i, image in enumerate(images):
        if image.photo is not None:
            pixels[i] = image.photo.pixels
    return pixels


class _Tables:
    """The rows of a slice, as they come."""

    def __init__(self, root: str) -> None:
        self.bytes_read = 0
        self._root = root
        self._embeddings: list[NDArray[np.float32]] = []
        self._rows: dict[str, list[dict[str, Any]]] = {FEATURES: [], METADATA: [], ERRORS: []}

    def add(self, image: _Read, outcome: NDArray[np.float32] | _Refused | None) -> None:
        """Add an image with its embedding [d], or with why there is none."""
        self.bytes_read += image.bytes
        label, split = label_and_split(self._root, image.entry.key)
        row = {"path": printable_key(image.entry.key), "label": label, "split": split}
        if isinstance(outcome, np.ndarray) and image.photo is not None:
            self._rows[FEATURES].append(row)
            self._embeddings.append(outcome)
            self._rows[METADATA].append(row | _metadata(image, image.photo))
        elif isinstance(outcome, _Refused):
            why = {"stage": outcome.stage, "reason": outcome.reason, "detail": printable_key(outcome.detail)}
            self._rows[ERRORS].append(row | why)

    def built(self) -> dict[str, pa.Table]:
        """Return the tables."""
        tables = {name: pa.Table.from_pylist(rows, SCHEMAS[name]) for name, rows in self._rows.items()}
        if self._embeddings:
            schema = SCHEMAS[FEATURES]
            column = pa.chunked_array(self._blocks())
            tables[FEATURES] = tables[FEATURES].set_column(3, schema.field("embedding"), column)
        return tables

    def _blocks(self) -> list[pa.ListArray]:
        """Return the embeddings as columns of a few rows each, and let go of them: they are not held twice."""
        rows, self._embeddings = self._embeddings, []
        return [vector_column(np.stack(rows[i : i + IMAGES_AT_ONCE])) for i in range(0, len(rows), IMAGES_AT_ONCE)]


def _metadata(image: _Read, photo: Photo) -> dict[str, Any]:
    return {
        "bytes": image.bytes,
        "width": photo.width,
        "height": photo.height,
        "format": photo.format,
        "modified": round(image.entry.modified * 1e6),
        "sha256": image.sha256,
    }


def _carried(rows: list[Row], out: Storage) -> dict[str, pa.Table]:
    """Return the rows that are taken over from the slices that this one replaces."""
    import pyarrow.compute as pc  # noqa: PLC0415 - only a folder that has grown needs it

    sources: dict[str, list[str]] = {}
    for entry, source in rows:
        if source:
            sources.setdefault(source, []).append(printable_key(entry.key))
    parts: dict[str, list[pa.Table]] = {}
    for source, paths in sources.items():
        wanted = pa.array(paths)
        for name in (FEATURES, METADATA, ERRORS):
            try:
                table = from_parquet(out.read(f"{name}/{source}.parquet"))
            except MissingError:
                continue
            parts.setdefault(name, []).append(table.filter(pc.is_in(table["path"], wanted)))
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    return dict(sorted(Counter(table.column(column).to_pylist()).items()))
