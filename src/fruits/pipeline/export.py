"""The tables as CSV, one file a slice, for people without a Parquet reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fruits.pipeline.stages import RunState, run_job
from fruits.pipeline.tables import from_parquet, to_csv
from fruits.records import CSV, FEATURES, METADATA, PCA, SliceMarker

if TYPE_CHECKING:
    from pyspark import SparkContext


def write_csv(context: SparkContext, markers: Sequence[SliceMarker], state: RunState) -> None:
    """Write ``csv/features``, ``csv/pca`` and ``csv/metadata``, each with as many files as the table has slices."""
    out = state.out

    def write(ids: Iterable[str]) -> Iterator[int]:
        for slice_id in ids:
            for name in (FEATURES, PCA, METADATA):
                table = from_parquet(out.read(f"{name}/{slice_id}.parquet"))
                out.write(f"{CSV}/{name}/{slice_id}.csv", to_csv(name, table))
            yield 1

    slices = [marker.slice for marker in markers if marker.features]
    out.delete_below(CSV)
    rdd = context.parallelize(slices, min(len(slices), 4 * context.defaultParallelism)).mapPartitions(write)
    run_job(context, "csv", rdd.count, state, lambda: None)
