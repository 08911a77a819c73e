"""What IMAGES holds: image files in order of their keys, with label and split; chosen lazily."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from fruits.storage import Entry, Storage
from fruits.storage.base import decode_key, encode_key, printable_key
from fruits.vision.decode import IMAGE_EXTENSIONS

_SPLITS = {"training": "Training", "train": "Training", "test": "Test"}
_ROWS_AT_ONCE = 8192
ENTRY_SCHEMA = pa.schema(
    [
        ("key", pa.binary()),
        ("size", pa.int64()),
        ("version", pa.string()),
        ("modified", pa.float64()),
        ("source", pa.string()),
    ]
)
Row = tuple[Entry, str]  # an entry, and the slice that already holds it ("" for none)


def label_and_split(root: str, key: str) -> tuple[str, str]:
    """Return the label (parent folder) and the split (``Training``, ``Test`` or "") of an image.

    Args:
        root: the URI of IMAGES: its last part is the parent of images that lie directly in it.
        key: the image's key below it.
    """
    folders = [PurePosixPath(root).name, *key.split("/")[:-1]]
    splits = [_SPLITS[name.lower()] for name in folders if name.lower() in _SPLITS]
    return printable_key(folders[-1]), splits[-1] if splits else ""


def list_images(images: Storage, labels: Iterable[str] = ()) -> Iterator[Entry]:
    """Yield the files below ``images`` that have an image's extension and, if given, a label like one of ``labels``."""
    patterns = list(labels)
    for entry in images.list():
        dot = entry.key.rfind(".")
        if dot < 0 or entry.key[dot:].lower() not in IMAGE_EXTENSIONS:
            continue
        if patterns:
            label = label_and_split(images.uri, entry.key)[0]
            if not any(fnmatchcase(label, pattern) for pattern in patterns):
                continue
        yield entry


class Spool:
    """Rows on the local disk, written once and read any number of times: millions do not sit in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="fruits-")  # noqa: SIM115 - lives as long as the spool
        self._writer = pa.ipc.new_stream(self._file, ENTRY_SCHEMA)
        self._rows: list[Row] = []

    def append(self, row: Row) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Say that no more rows come."""
        self._flush()
        self._writer.close()

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in the order in which they were added."""
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            yield from rows_of(pa.Table.from_batches([batch]))

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(table_of(self._rows))
            self._rows = []


def table_of(rows: list[Row]) -> pa.Table:
    """Return rows as a table of :data:`ENTRY_SCHEMA`."""
    columns: list[list[Any]] = [
        [encode_key(entry.key) for entry, _ in rows],
        [entry.size for entry, _ in rows],
        [entry.version for entry, _ in rows],
        [entry.modified for entry, _ in rows],
        [source for _, source in rows],
    ]
    return pa.table(columns, schema=ENTRY_SCHEMA)


def rows_of(table: pa.Table) -> Iterator[Row]:
    """Yield the rows of a table of :data:`ENTRY_SCHEMA`."""
    columns = [table.column(name).to_pylist() for name in ENTRY_SCHEMA.names]
    for key, size, version, modified, source in zip(*columns, strict=True):
        yield Entry(decode_key(key), size, version, modified), source


def spread(entries: Iterable[Entry], limit: int, root: str) -> Iterator[Entry]:
    """Yield at most ``limit`` of ``entries``, spread evenly over labels, then splits, then each one's images.

    Labels with fewer images than their share leave the rest to the others.
    """
    counts: Counter[tuple[str, str]] = Counter()
    spool = Spool()
    for entry in entries:
        counts[label_and_split(root, entry.key)] += 1
        spool.append((entry, ""))
    spool.close()
    quotas = _quotas(counts, limit)
    passed: Counter[tuple[str, str]] = Counter()
    for entry, _ in spool:
        group = label_and_split(root, entry.key)
        i, count, quota = passed[group], counts[group], quotas[group]
        passed[group] += 1
        if (i + 1) * quota // count > i * quota // count:
            yield entry


def _quotas(counts: Counter[tuple[str, str]], limit: int) -> dict[tuple[str, str], int]:
    labels: Counter[str] = Counter()
    for (label, _), count in counts.items():
        labels[label] += count
    quotas = {}
    for label, quota in _fill(labels, limit).items():
        groups = {group: count for group, count in sorted(counts.items()) if group[0] == label}
        quotas.update(_proportional(groups, quota))
    return quotas


def _fill(sizes: Counter[str], limit: int) -> dict[str, int]:
    """Share ``limit`` equally, none getting more than its size: smallest first, the rest shared on."""
    shares, left = {}, limit
    ordered = sorted(sizes.items(), key=lambda item: (item[1], item[0]))
    for i, (name, size) in enumerate(ordered):
        shares[name] = min(size, left // (len(ordered) - i))
        left -= shares[name]
    return shares


def _proportional(sizes: dict[tuple[str, str], int], quota: int) -> dict[tuple[str, str], int]:
    """Share ``quota`` in proportion to the sizes, one each at least where it suffices; largest remainders first."""
    total = sum(sizes.values())
    least = 1 if quota >= len(sizes) else 0
    shares = {name: max(quota * size // total, least) for name, size in sizes.items()}
    remainder: Callable[[tuple[str, str]], float] = lambda name: quota * sizes[name] / total - shares[name]  # noqa: E731
    while sum(shares.values()) != quota:
        step = 1 if sum(shares.values()) < quota else -1
        movable = [name for name in sizes if least <= shares[name] + step <= sizes[name]]
        name = max(movable, key=remainder) if step > 0 else min(movable, key=remainder)
        shares[name] += step
    return shares
