"""The embedding stage on the driver: one Spark job over all pending slices, watched while it runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fruits.pipeline.embedding import EmbeddingJob, embed_slice
from fruits.pipeline.errors import PipelineError, TooManyErrors
from fruits.pipeline.manifest import Plan, delete_slice, delete_uncommitted, read_markers
from fruits.pipeline.stages import RunState, run_job
from fruits.records import ERRORS, SliceMarker

if TYPE_CHECKING:
    from pyspark import SparkContext

Counts = dict[str, tuple[int, int]]  # by slice: images, errors


def embed(
    context: SparkContext, plan: Plan, job: EmbeddingJob, graph: bytes, max_errors: float, state: RunState
) -> list[SliceMarker]:
    """Embed what the plan says and return the markers of all slices, which then equal the listing.

    Raises:
        TooManyErrors: more than the share ``max_errors`` of the listed images was refused.
        PipelineError: a task failed for good.
    """
    from pyspark.accumulators import AccumulatorParam  # noqa: PLC0415

    class BySlice(AccumulatorParam[Counts]):
        """For display alone: a task that is run twice counts once."""

        def zero(self, value: Counts) -> Counts:
            return {}

        def addInPlace(self, value1: Counts, value2: Counts) -> Counts:  # noqa: N802 - Spark's name
            value1.update(value2)
            return value1

    progress = context.accumulator({}, BySlice())
    broadcast = context.broadcast(graph)

    def task(slice_id: str) -> SliceMarker:
        marker = embed_slice(slice_id, job, broadcast)
        progress.add({slice_id: (marker.images, marker.errors)})
        return marker

    before = sum(marker.errors for marker in plan.kept)

    def update() -> None:
        done, errors = (sum(counts) for counts in zip((0, 0), *list(progress.value.values()), strict=True))
        state.record.errors, state.record.features = before + errors, plan.seen - plan.pending - before + done - errors
        state.reporter.update(done, errors)
        check_errors(before + errors, plan.seen, max_errors, state)

    state.reporter.start("embedding", plan.pending)
    try:
        rdd = context.parallelize(plan.slices, len(plan.slices)).map(task)
        written = run_job(context, "embedding", rdd.collect, state, update)
        update()
    finally:
        state.reporter.stop()
    return _settle(plan, written, state)


def check_errors(errors: int, seen: int, max_errors: float, state: RunState) -> None:
    """Raise :class:`TooManyErrors` once more than the share ``max_errors`` of ``seen`` images was refused."""
    if errors > max_errors * seen:
        raise TooManyErrors(
            f"{errors:,} of {seen:,} images were refused, more than {max_errors:.0%}; see {state.out.uri}/{ERRORS},"
            " then mend the images or raise --max-errors"
        )


def _settle(plan: Plan, written: list[SliceMarker], state: RunState) -> list[SliceMarker]:
    """Delete what was replaced and check that the tables hold every image of the listing once."""
    expected = {marker.slice: marker for marker in (*plan.kept, *written)}
    for marker in read_markers(state.out):
        if marker.slice not in expected:  # replaced, or written by a task of a driver that was killed
            delete_slice(state.out, marker.slice)
    delete_uncommitted(state.out, expected.values())  # by a task of a killed driver that died before its marker
    present = {marker.slice for marker in read_markers(state.out)}
    if missing := expected.keys() - present:
        raise PipelineError(f"{len(missing)} committed slices vanished from {state.out.uri}; run again")
    markers = sorted(expected.values(), key=lambda marker: marker.slice)
    rows = sum(marker.features + marker.errors for marker in markers)
    if rows != plan.seen:
        raise PipelineError(f"{plan.seen:,} images were listed but {rows:,} rows written; run again")
    return markers


def summarise(markers: list[SliceMarker], state: RunState) -> None:
    """Put the counts of all committed slices into the record."""
    record = state.record
    record.features = sum(marker.features for marker in markers)
    record.errors = sum(marker.errors for marker in markers)
    for name in ("labels", "splits", "reasons"):
        total: Counter[str] = Counter()
        for marker in markers:
            total.update(getattr(marker, name))
        setattr(record, name, dict(sorted(total.items())))
