"""Accuracy against the number of components: how many are worth keeping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from fruits.pipeline.classifier_arrays import ArrayClassifier
from fruits.pipeline.classifier_training import train_logistic
from fruits.pipeline.division import Division
from fruits.pipeline.stages import RunState, run_job
from fruits.pipeline.tables import from_parquet, vectors
from fruits.records import PCA, SliceMarker

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame

STEPS = (2, 5, 10, 20, 50, 100, 200)
_ROWS = 20_000  # each classifier of the curve learns from at most about so many
_ITERATIONS = 20
_SEED = 20


def measure_curve(
    context: SparkContext,
    table: DataFrame,
    markers: Sequence[SliceMarker],
    fitted: ArrayClassifier,
    division: Division,
    state: RunState,
) -> list[dict[str, float]]:
    """Return the accuracy of a logistic classifier on the first 2, 5, 10 ... components.

    Args:
        context: runs the jobs.
        table: training rows, columns ``index`` and ``features`` (standardised components).
        markers: of the slices of ``pca``.
        fitted: the run's own classifier; stands for all components if it is logistic.
        division: which images test.
        state: of the run.
    """
    steps = [k for k in STEPS if k < len(fitted.scale)] + [len(fitted.scale)]
    state.reporter.say(f"measuring accuracy on the first {', '.join(map(str, steps))} components")
    share = min(1.0, _ROWS / max(sum(marker.features for marker in markers), 1))
    some = table if share == 1.0 else table.sample(fraction=share, seed=_SEED).cache()
    with ThreadPoolExecutor(4) as threads:
        models = list(threads.map(lambda k: _train_on_first(some, k, fitted), steps))
    counted = _count_right(context, markers, models, division, state)
    total = sum(n for n, _ in counted)
    right = np.sum([r for _, r in counted if r], axis=0) if total else np.zeros(len(steps))
    return [{"components": k, "accuracy": float(r) / max(total, 1)} for k, r in zip(steps, right, strict=True)]


def _train_on_first(table: DataFrame, k: int, fitted: ArrayClassifier) -> ArrayClassifier:
    from pyspark.ml.feature import VectorSlicer  # noqa: PLC0415

    if k == len(fitted.scale) and fitted.kind == "logistic":
        return fitted
    cut = VectorSlicer(inputCol="features", outputCol="first", indices=list(range(k)))
    first = cut.transform(table).select("index", "first").withColumnRenamed("first", "features")
    return train_logistic(first, fitted.labels, fitted.scale[:k], iterations=_ITERATIONS)[1]


def _count_right(
    context: SparkContext,
    markers: Sequence[SliceMarker],
    models: list[ArrayClassifier],
    division: Division,
    state: RunState,
) -> list[tuple[int, list[int]]]:
    """Return per slice the number of test images and how many of them each model names right."""
    out, shared = state.out, context.broadcast(models)

    def count(ids: Iterable[str]) -> Iterator[tuple[int, list[int]]]:
        for slice_id in ids:
            pca = from_parquet(out.read(f"{PCA}/{slice_id}.parquet"))
            columns = [pca[name].to_pylist() for name in ("path", "label", "split")]
            tests = np.array([division.is_test(*row) for row in zip(*columns, strict=True)], dtype=bool)
            true, values = np.array(columns[1])[tests], vectors(pca, "components")[tests]
            names = [np.array(model.labels)[model.predict(values)[0]] for model in shared.value] if tests.any() else []
            yield len(true), [int((name == true).sum()) for name in names]

    slices = [marker.slice for marker in markers if marker.features]
    rdd = context.parallelize(slices, min(len(slices), 4 * context.defaultParallelism)).mapPartitions(count)
    return run_job(context, "curve", rdd.collect, state, lambda: None)
