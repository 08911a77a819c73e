"""The components stage: moments of all features, merged on the executors; axes; one table of coordinates a slice."""

from __future__ import annotations

import functools
import io
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fruits.pipeline.stages import RunState, run_job
from fruits.pipeline.tables import SCHEMAS, from_parquet, to_parquet, vector_column, vectors
from fruits.records import FEATURES, MODEL, PCA, SliceMarker
from fruits.reduction import Float64s, Moments, PrincipalComponents
from fruits.storage import MissingError, Storage

if TYPE_CHECKING:
    from pyspark import SparkContext

COMPONENTS_FILE = f"{MODEL}/components.npz"
VARIANCE_FILE = f"{MODEL}/explained_variance.csv"
_SHIFT_ROWS = 1024


@dataclass(frozen=True)
class Wish:
    """How many components: a number, or a share of the variance to reach."""

    components: int | None = 50
    variance: float | None = None


def fit_components(
    context: SparkContext, markers: Iterable[SliceMarker], wish: Wish, source: str, state: RunState
) -> PrincipalComponents:
    """Fit components on the features of committed slices and save them with the table of explained variance."""
    slices = [marker.slice for marker in markers if marker.features]
    shift = _first_rows(state.out, slices[0]).mean(axis=0)
    out = state.out
    point = context.broadcast(shift)
    # One partial a core: at 1,280 dimensions each is 13 MB to send, and held by both JVM and driver.
    partitions = min(len(slices), max(context.defaultParallelism, 1))

    def moments(ids: Iterable[str]) -> Iterator[Moments]:
        parts = (Moments.of(read_features(out, slice_id), point.value) for slice_id in ids)
        yield functools.reduce(operator.add, parts, Moments.empty(point.value))

    rdd = context.parallelize(slices, partitions).mapPartitions(moments)
    merged = run_job(context, "components", lambda: rdd.treeReduce(operator.add), state, lambda: None)
    fitted = PrincipalComponents.fit(merged, wish.components, wish.variance, source)
    if wish.components is not None and len(fitted.axes) < wish.components:
        state.warn(
            f"{wish.components} components were asked for; {merged.count} images of {shift.size} dimensions"
            f" have at most {len(fitted.axes)}"
        )
    state.out.write(COMPONENTS_FILE, fitted.save())
    state.out.write(VARIANCE_FILE, variance_csv(fitted))
    return fitted


def write_coordinates(
    context: SparkContext, markers: Iterable[SliceMarker], components: PrincipalComponents, state: RunState
) -> int:
    """Write the table ``pca`` slice by slice and return its number of rows."""
    out = state.out
    shared = context.broadcast(components.save())

    def write(ids: Iterable[str]) -> Iterator[int]:
        fitted = PrincipalComponents.load(shared.value)
        for slice_id in ids:
            table = from_parquet(out.read(f"{FEATURES}/{slice_id}.parquet"))
            rows = fitted.transform(vectors(table, "embedding"))
            out.write(f"{PCA}/{slice_id}.parquet", to_parquet(_with_coordinates(table, rows)))
            yield len(rows)

    slices = [marker.slice for marker in markers if marker.features]
    rdd = context.parallelize(slices, min(len(slices), _partitions(context))).mapPartitions(write)
    return run_job(context, "coordinates", lambda: sum(rdd.collect()), state, lambda: None)


def load_components(out: Storage) -> PrincipalComponents:
    """Return the components that a run left.

    Raises:
        MissingError: it left none.
    """
    return PrincipalComponents.load(out.read(COMPONENTS_FILE))


def read_features(out: Storage, slice_id: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a slice's embeddings, float32 [n, d]."""
    return vectors(from_parquet(out.read(f"{FEATURES}/{slice_id}.parquet"), columns=["embedding"]), "embedding")


def variance_csv(components: PrincipalComponents) -> bytes:
    """Return the table of explained variance: component, variance, share in %, cumulative share in %."""
    file = io.StringIO()
    file.write("component,variance,variance_percent,cumulative_percent\n")
    cumulative = np.cumsum(components.ratio)
    for i, (value, share, sum_) in enumerate(zip(components.variance, components.ratio, cumulative, strict=True)):
        file.write(f"{i + 1},{value:.9g},{100 * share:.6f},{100 * sum_:.6f}\n")
    return file.getvalue().encode()


def variance_table(components: PrincipalComponents, rows: int = 10) -> list[str]:
    """Return the table as lines for a terminal: the first ``rows``, every tenth after them, and the last."""
    shares, cumulative = 100 * components.ratio, 100 * np.cumsum(components.ratio)
    last = len(shares) - 1
    shown = [i for i in range(len(shares)) if i < rows or (i + 1) % rows == 0 or i == last]
    lines = [f"{i + 1:9d}  {shares[i]:10.2f}  {cumulative[i]:12.2f}" for i in shown]
    return ["component  variance %  cumulative %", *lines]


def _first_rows(out: Storage, slice_id: str) -> Float64s:
    rows: Float64s = read_features(out, slice_id)[:_SHIFT_ROWS].astype(np.float64)
    if not len(rows):
        raise MissingError(f"{slice_id} has no features")
    return rows


def _with_coordinates(table: pa.Table, rows: Float64s) -> pa.Table:
    columns = [table[name] for name in ("path", "label", "split")]
    return pa.table([*columns, vector_column(rows)], schema=SCHEMAS[PCA])


def _partitions(context: SparkContext) -> int:
    return max(4 * context.defaultParallelism, 1)
