"""What is new, changed or gone, against a model in plain Python."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits.pipeline.manifest import default_slice_size, make_plan, read_manifest, read_markers
from fruits.pipeline.tables import SCHEMAS, to_parquet
from fruits.records import ERRORS, FEATURES, SLICES, SliceMarker
from fruits.storage import Entry, Storage, open_storage

NAMES = st.sampled_from(["a", "a b", "a-", "a/1", "a/2", "a.b/1", "b", "b/é", "b/\udcff", "c/1", "c/2", "c/3"])
LISTINGS = st.dictionaries(NAMES, st.integers(1, 3), max_size=12)


def listed(files: dict[str, int]) -> list[Entry]:
    entries = [Entry(key + ".jpg", 10, str(version), float(version)) for key, version in files.items()]
    return sorted(entries, key=lambda entry: entry.order)


def commit(out: Storage, slice_id: str) -> None:
    rows = read_manifest(out, slice_id)
    marker = SliceMarker(slice_id, "b", rows[0][0].key, rows[-1][0].key, len(rows), len(rows), 0)
    out.write(f"{FEATURES}/{slice_id}.parquet", b"rows")
    out.write(f"{SLICES}/{slice_id}.json", marker.to_json())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LISTINGS, st.integers(1, 5), st.floats(0, 1)), min_size=1, max_size=5))
def test_tables_always_equal_the_current_listing(
    tmp_path_factory, steps: list[tuple[dict[str, int], int, float]]
) -> None:
    """Listings change, runs die after committing a part; a whole run then holds each image once, embedded once."""
    out = open_storage(str(tmp_path_factory.mktemp("out")))
    held: set[tuple[str, int]] = set()  # what is embedded
    for number, (files, size, share) in enumerate([*steps, (steps[-1][0], 3, 1.0)]):
        plan = make_plan(listed(files), out, f"run{number:03d}", lambda n, size=size: size)
        assert plan.seen == len(files)
        fresh = {(k + ".jpg", v) for k, v in files.items()} - held
        assert plan.embed == len(fresh)
        survivors = [plan.slices[i] for i in range(len(plan.slices)) if i < share * len(plan.slices)]
        for slice_id in survivors:
            commit(out, slice_id)
        if len(survivors) == len(plan.slices):
            for slice_id in plan.replaced:
                out.delete(f"{SLICES}/{slice_id}.json")
        newest = {
            entry.key: int(entry.version)
            for marker in read_markers(out)  # in order of ids: what a later slice says of an image counts
            for entry, _ in read_manifest(out, marker.slice)
        }
        held = set(newest.items())
    final = [e for m in read_markers(out) for e, _ in read_manifest(out, m.slice)]
    assert sorted(final, key=lambda e: e.order) == listed(steps[-1][0])


def test_an_image_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    out = open_storage(str(tmp_path))
    plan = make_plan(listed({"a/1": 1, "a/2": 1, "a/3": 1}), out, "run1", lambda n: n)
    (slice_id,) = plan.slices
    marker = SliceMarker(slice_id, "b", "a/1.jpg", "a/3.jpg", 3, 1, 2)
    rows = [
        {"path": "a/2.jpg", "label": "a", "split": "", "stage": "read", "reason": "unreadable", "detail": ""},
        {"path": "a/3.jpg", "label": "a", "split": "", "stage": "decode", "reason": "truncated", "detail": ""},
    ]
    out.write(f"{ERRORS}/{slice_id}.parquet", to_parquet(pa.Table.from_pylist(rows, SCHEMAS[ERRORS])))
    out.write(f"{SLICES}/{slice_id}.json", marker.to_json())
    again = make_plan(listed({"a/1": 1, "a/2": 1, "a/3": 1}), out, "run2", lambda n: n)
    assert (again.pending, again.embed) == (3, 1)
    assert [source for _, source in read_manifest(out, again.slices[0])] == [slice_id, "", slice_id]


def test_files_without_a_marker_do_not_exist(tmp_path: Path) -> None:
    out = open_storage(str(tmp_path))
    out.write(f"{FEATURES}/run0-000000.parquet", b"half a run")
    make_plan(listed({"a/1": 1}), out, "run1", lambda n: n)
    assert [e.key for e in out.list(FEATURES)] == []


def test_slices_keep_all_cores_busy_and_are_bounded() -> None:
    assert default_slice_size(12_000, 2) == 750
    assert default_slice_size(100, 2) == 128
    assert default_slice_size(10**8, 24) == 2048
