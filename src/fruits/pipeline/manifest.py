"""Which images are embedded already, and how the others are cut into slices.

The listing comes in order of keys, and so do the committed slices, run by run: one merge of sorted streams tells what
is new, changed or gone, with one slice per run in memory. Nothing here grows with the number of images.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from fruits.pipeline.listing import Row, Spool, rows_of, table_of
from fruits.pipeline.tables import from_parquet, to_parquet
from fruits.records import ERRORS, MANIFEST, SLICES, TABLES, SliceMarker
from fruits.storage import Entry, MissingError, Storage
from fruits.storage.base import encode_key, printable_key

MOST_IMAGES = 2048  # in a slice, by default: 10 MB of embeddings at 1,280 dimensions
FEWEST_IMAGES = 128
WAVES = 8  # slices per core in a small run: the last one ends soon after the others, and progress is seen
READ_STAGE = "read"  # errors of this stage may pass: they are tried again by the next run


@dataclass(frozen=True)
class Plan:
    """What a run has to do so that the tables equal the listing.

    Attributes:
        run: id of the run; its slices are called ``<run>-<number>``.
        seen: images in the listing.
        pending: images in slices to be written, ``embed`` of them to be embedded, the others carried over.
        slices: ids of the slices to be written.
        kept: markers of the committed slices that stay.
        replaced: ids of the committed slices to be deleted once the new ones are committed.
    """

    run: str
    seen: int
    pending: int
    embed: int
    slices: tuple[str, ...]
    kept: tuple[SliceMarker, ...]
    replaced: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to write or delete."""
        return bool(self.slices or self.replaced)


def read_markers(out: Storage) -> list[SliceMarker]:
    """Return the markers of all committed slices, in order of their ids."""
    keys = [entry.key for entry in out.list(SLICES)]
    with ThreadPoolExecutor(16) as threads:
        return [SliceMarker.from_json(content) for content in threads.map(out.read, keys)]


def make_plan(listing: Iterable[Entry], out: Storage, run: str, slice_size: Callable[[int], int]) -> Plan:
    """Compare ``listing`` (in order of keys) with what ``out`` holds and write the manifests of the slices to come.

    Args:
        listing: the images that the tables shall hold.
        out: where the run is kept.
        run: id of this run; sorts after the ids of earlier runs.
        slice_size: images per slice, from the number of images to be cut.
    """
    markers = read_markers(out)
    delete_uncommitted(out, markers)
    spool = Spool()
    intact = {marker.slice: 0 for marker in markers}
    seen = 0
    for entry, source in _joined(listing, markers, out):
        seen += 1
        spool.append((entry, source))
        if source:
            intact[source] += 1
    spool.close()
    kept = tuple(m for m in markers if intact[m.slice] == m.images)
    whole = {marker.slice for marker in kept}
    pending = seen - sum(marker.images for marker in kept)
    embed = sum(1 for _, source in spool if not source) if pending else 0
    rows = (row for row in spool if row[1] not in whole)
    slices = tuple(_write_manifests(rows, out, run, slice_size(pending))) if pending else ()
    replaced = tuple(m.slice for m in markers if m.slice not in whole)
    return Plan(run, seen, pending, embed, slices, kept, replaced)


def default_slice_size(images: int, cores: int) -> int:
    """Return images per slice: up to :data:`MOST_IMAGES`, fewer where that keeps all cores busy to the end."""
    return min(MOST_IMAGES, max(FEWEST_IMAGES, -(-images // (WAVES * cores))))


def read_manifest(out: Storage, slice_id: str) -> list[Row]:
    """Return the rows of a slice's manifest, in order of keys."""
    return list(rows_of(from_parquet(out.read(f"{MANIFEST}/{slice_id}.parquet"))))


def delete_slice(out: Storage, slice_id: str) -> None:
    """Delete a slice: its marker first, so that it never looks committed without its files."""
    out.delete(f"{SLICES}/{slice_id}.json")
    for table in (*TABLES, MANIFEST):
        out.delete(f"{table}/{slice_id}.parquet")


def delete_uncommitted(out: Storage, markers: Iterable[SliceMarker]) -> None:
    """Delete the files of slices that have none of these ``markers``: they do not exist."""
    committed = {marker.slice for marker in markers}
    for table in (*TABLES, MANIFEST):
        for entry in list(out.list(table)):
            if entry.key.split("/")[-1].removesuffix(".parquet") not in committed:
                out.delete(entry.key)


def _write_manifests(rows: Iterable[Row], out: Storage, run: str, size: int) -> Iterator[str]:
    for number, batch in enumerate(_batched(rows, size)):
        slice_id = f"{run}-{number:06d}"
        out.write(f"{MANIFEST}/{slice_id}.parquet", to_parquet(table_of(batch)))
        yield slice_id


def _batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _joined(listing: Iterable[Entry], markers: list[SliceMarker], out: Storage) -> Iterator[Row]:
    """Yield each listed entry with the slice that holds it unchanged, or ""."""
    committed = _committed(markers, out)
    row = next(committed, None)
    for entry in listing:
        while row is not None and row[0].order < entry.order:
            row = next(committed, None)  # gone from the listing
        if row is not None and row[0].order == entry.order:
            same = (row[0].size, row[0].version) == (entry.size, entry.version) and entry.size >= 0
            yield entry, row[1] if same else ""
            row = next(committed, None)
        else:
            yield entry, ""


def _committed(markers: list[SliceMarker], out: Storage) -> Iterator[Row]:
    """Yield every committed image in order of keys with its slice; of several slices that hold it, the newest."""
    streams = [_stream(chain, out) for chain in _chains(markers)]
    merged = heapq.merge(*streams, key=lambda row: row[0].order)
    for _, same in itertools.groupby(merged, key=lambda row: row[0].order):
        yield max(same, key=lambda row: row[1])


def _chains(markers: list[SliceMarker]) -> list[list[SliceMarker]]:
    """Sort slices into the fewest chains in which each begins after the one before has ended."""
    chains: list[list[SliceMarker]] = []
    ends: list[tuple[bytes, int]] = []
    for marker in sorted(markers, key=lambda m: encode_key(m.first)):
        if ends and ends[0][0] < encode_key(marker.first):
            _, index = heapq.heappop(ends)
            chains[index].append(marker)
        else:
            index = len(chains)
            chains.append([marker])
        heapq.heappush(ends, (encode_key(marker.last), index))
    return chains


def _stream(chain: list[SliceMarker], out: Storage) -> Iterator[Row]:
    for marker in chain:
        again = _to_read_again(marker, out)
        for entry, _ in read_manifest(out, marker.slice):
            if again and printable_key(entry.key) in again:
                entry = Entry(entry.key, -1, "", 0.0)  # noqa: PLW2901 - never equal to a listed one
            yield entry, marker.slice


def _to_read_again(marker: SliceMarker, out: Storage) -> set[str]:
    if not marker.errors:
        return set()
    try:
        table = from_parquet(out.read(f"{ERRORS}/{marker.slice}.parquet"), columns=["path", "stage"])
    except MissingError:
        return set()
    return {r["path"] for r in table.to_pylist() if r["stage"] == READ_STAGE}
