"""What the report is drawn from: counts, tables and samples of a run, read with a bound on how much."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fruits.pipeline.errors import UsageError
from fruits.pipeline.manifest import read_markers
from fruits.pipeline.tables import from_parquet, vectors
from fruits.records import CSV, ERRORS, MODEL, PCA, RUN, TABLES, RunRecord, SliceMarker
from fruits.storage import MissingError, Storage

METRICS_FILE = f"{MODEL}/metrics.json"
THUMBNAILS_FILE = f"{MODEL}/thumbnails.parquet"
VARIANCE_FILE = f"{MODEL}/explained_variance.csv"

MOST_POINTS = 6000
MOST_SLICES = 48  # read of any one table
MOST_EXAMPLES = 3  # of each reason
_THREADS = 8

Item = TypeVar("Item")


@dataclass(frozen=True)
class Counts:
    """How many images: seen, embedded, refused, and by label, split and reason."""

    seen: int
    features: int
    errors: int
    labels: dict[str, int]
    splits: dict[str, int]
    reasons: dict[str, int]


@dataclass(frozen=True)
class Variance:
    """Share of the variance of each component and of all up to it, in %, float64 [k]."""

    share: NDArray[np.float64]
    cumulative: NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """The first two components of a sample of images, float32 [n, 2], with their labels."""

    places: NDArray[np.float32]
    labels: list[str]


@dataclass(frozen=True)
class ClassScore:
    """A row of the per-class table; shares lie in [0, 1]."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Metrics:
    """How right the classifier is on the test images.

    Attributes:
        confusion: int64 [c, c] over ``labels`` that occur; rows are true, columns predicted.
        curve: pairs (components, accuracy).
        applied: whether an earlier run's classifier was applied.
    """

    kind: str
    accuracy: float
    macro_f1: float
    train_images: int
    test_images: int
    split: str
    labels: list[str]
    confusion: NDArray[np.int64]
    per_class: list[ClassScore]
    curve: list[tuple[int, float]]
    curve_kind: str
    applied: bool
    note: str


@dataclass(frozen=True)
class Refusal:
    """A reason, how many images it refused, and a few of them: (path, detail)."""

    reason: str
    count: int
    examples: list[tuple[str, str]]


@dataclass(frozen=True)
class Thumbnail:
    """A small JPEG of an image; ``seen``: the species that the engine says it is, None if it was not asked."""

    path: str
    label: str
    jpeg: bytes
    seen: str | None


@dataclass(frozen=True)
class Findings:
    """All that the page shows; what a run has not got (yet) is None or empty."""

    out: str
    record: RunRecord
    markers: list[SliceMarker]
    counts: Counts
    variance: Variance | None
    points: Points | None
    metrics: Metrics | None
    refusals: list[Refusal]
    thumbnails: list[Thumbnail]
    tables: list[str]


def gather(out: Storage) -> Findings:
    """Read what a run left in ``out``.

    Raises:
        UsageError: there is no run, or its record cannot be read.
    """
    record = _read_record(out)
    markers = read_markers(out)
    counts = _counts(record, markers)
    return Findings(
        out=out.uri,
        record=record,
        markers=markers,
        counts=counts,
        variance=_read_variance(out),
        points=_sample_points(out, markers),
        metrics=_read_metrics(out),
        refusals=_refusals(out, markers, counts.reasons),
        thumbnails=_read_thumbnails(out),
        tables=[name for name in (*TABLES, CSV) if next(out.list(name), None) is not None],
    )


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most ``most`` of ``items``, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _read_record(out: Storage) -> RunRecord:
    try:
        return RunRecord.from_json(out.read(RUN))
    except MissingError as error:
        raise UsageError(f"{out.uri} holds no run: there is no {RUN} in it; give the OUT of a fruits run") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{out.uri}/{RUN} is damaged; run the chain again to write it anew") from error


def _counts(record: RunRecord, markers: list[SliceMarker]) -> Counts:
    """Return the counts of a finished run's record, which were checked, else what its committed slices say."""
    if record.status == "done":
        by = (record.labels, record.splits, record.reasons)
        return Counts(record.seen, record.features, record.errors, *by)
    sums: list[Counter[str]] = [Counter(), Counter(), Counter()]
    for marker in markers:
        for total, part in zip(sums, (marker.labels, marker.splits, marker.reasons), strict=True):
            total.update(part)
    features, errors = sum(m.features for m in markers), sum(m.errors for m in markers)
    return Counts(max(record.seen, features + errors), features, errors, *(dict(total) for total in sums))


def _read_variance(out: Storage) -> Variance | None:
    try:
        rows = list(csv.DictReader(io.StringIO(out.read(VARIANCE_FILE).decode())))
        columns = [[float(row[name]) for row in rows] for name in ("variance_percent", "cumulative_percent")]
    except (MissingError, ValueError, KeyError, TypeError):
        return None
    return Variance(np.array(columns[0]), np.array(columns[1])) if rows else None


def _sample_points(out: Storage, markers: list[SliceMarker]) -> Points | None:
    some = evenly([marker for marker in markers if marker.features], MOST_SLICES)
    images = sum(marker.features for marker in some)

    def read(marker: SliceMarker) -> tuple[list[str], NDArray[np.float32]]:
        try:
            table = from_parquet(out.read(f"{PCA}/{marker.slice}.parquet"), columns=["label", "components"])
            places = vectors(table, "components")[:, :2]
        except (MissingError, ValueError):
            return [], np.empty((0, 2), np.float32)
        quota = max(1, len(table) * MOST_POINTS // max(images, 1))
        rows = evenly(range(len(table)), quota)
        if places.shape[1] < 2:  # one component only: all on one line
            places = np.column_stack([places, np.zeros(len(places), np.float32)])
        return table["label"].take(rows).to_pylist(), places[rows]

    with ThreadPoolExecutor(_THREADS) as threads:
        parts = [part for part in threads.map(read, some) if part[0]]
    if not parts:
        return None
    return Points(np.concatenate([places for _, places in parts]), [label for labels, _ in parts for label in labels])


def _read_metrics(out: Storage) -> Metrics | None:
    try:
        content = json.loads(out.read(METRICS_FILE))
        confusion = np.array(content["confusion"], dtype=np.int64).reshape(2 * [len(content["labels"])])
        occurs = np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))
        return Metrics(
            kind=str(content["kind"]),
            accuracy=float(content["accuracy"]),
            macro_f1=float(content["macro_f1"]),
            train_images=int(content["train_images"]),
            test_images=int(content["test_images"]),
            split=str(content["split"]),
            labels=[str(content["labels"][i]) for i in occurs],
            confusion=confusion[np.ix_(occurs, occurs)],
            per_class=[_class_score(row) for row in content["per_class"]],
            curve=[(int(step["components"]), float(step["accuracy"])) for step in content.get("curve", [])],
            curve_kind=str(content.get("curve_kind", "")),
            applied=bool(content.get("applied", False)),
            note=str(content.get("note", "")),
        )
    except (MissingError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _class_score(row: dict[str, Any]) -> ClassScore:
    precision, recall, f1 = (float(row[name]) for name in ("precision", "recall", "f1"))
    return ClassScore(str(row["label"]), precision, recall, f1, int(row["support"]))


def _refusals(out: Storage, markers: Iterable[SliceMarker], reasons: dict[str, int]) -> list[Refusal]:
    """Return the reasons, most frequent first; only slices that have an example still wanted are read."""
    examples: dict[str, list[tuple[str, str]]] = {reason: [] for reason in reasons}
    left = MOST_SLICES
    for marker in markers:
        wanted = {r for r in marker.reasons if r in examples and len(examples[r]) < MOST_EXAMPLES}
        if not wanted or not left:
            continue
        left -= 1
        for row in _error_rows(out, marker.slice):
            if row["reason"] in wanted and len(examples[row["reason"]]) < MOST_EXAMPLES:
                examples[row["reason"]].append((row["path"], row["detail"]))
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [Refusal(reason, count, examples[reason]) for reason, count in ordered if count]


def _error_rows(out: Storage, slice_id: str) -> list[dict[str, str]]:
    try:
        rows: list[dict[str, str]] = from_parquet(out.read(f"{ERRORS}/{slice_id}.parquet")).to_pylist()
    except (MissingError, ValueError):
        return []
    return rows


def _read_thumbnails(out: Storage) -> list[Thumbnail]:
    try:
        rows = from_parquet(out.read(THUMBNAILS_FILE)).to_pylist()
    except (MissingError, ValueError):
        return []
    return [Thumbnail(row["path"], row["label"], row["jpeg"], row.get("seen")) for row in rows]
