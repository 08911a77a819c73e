"""Components of ROWS x 1,280 vectors: ours and Spark ML's on the same Parquet rows, scikit-learn's as referee.

    python bench/pca.py WORK [ROWS]

Prints one JSON line: seconds of each, their ratio, and how far each is from the referee.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.ml.feature import PCA
from pyspark.ml.functions import array_to_vector
from pyspark.sql import SparkSession
from sklearn import decomposition

from fruits.pipeline.components import Wish, fit_components
from fruits.pipeline.progress import Silent
from fruits.pipeline.session import start_context
from fruits.pipeline.stages import RunState
from fruits.pipeline.tables import SCHEMAS, from_parquet, to_parquet, vector_column, vectors
from fruits.records import FEATURES, RunRecord, SliceMarker
from fruits.reduction import PrincipalComponents
from fruits.storage import Storage, open_storage

DIMENSIONS, COMPONENTS, SLICE = 1280, 50, 4096


def draw_rows(out: Storage, rows: int) -> list[SliceMarker]:
    """Write non-negative, correlated rows far from zero (as pooled ReLU6 activations are) as slices of features."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(200, DIMENSIONS)) * (0.97 ** np.arange(200))[:, None]
    markers = []
    for number, start in enumerate(range(0, rows, SLICE)):
        n = min(SLICE, rows - start)
        values = random.normal(size=(n, 200)) @ mixing * 0.1 + random.normal(size=(n, DIMENSIONS)) * 0.05 + 0.4
        columns = [pa.array([f"{start + i}" for i in range(n)]), pa.array(["x"] * n), pa.array([""] * n)]
        table = pa.table([*columns, vector_column(np.clip(values, 0, 6))], schema=SCHEMAS[FEATURES])
        out.write(f"{FEATURES}/s-{number:06d}.parquet", to_parquet(table))
        markers.append(SliceMarker(f"s-{number:06d}", "", "", "", n, n, 0))
    return markers


def draw_small(work: Path) -> Storage:
    """Write a table for warming up."""
    out = open_storage(str(work / "vectors-small"))
    draw_rows(out, 2000)
    return out


def ours(spark: SparkSession, markers: list[SliceMarker], out: Storage) -> tuple[float, PrincipalComponents]:
    """Return seconds and components."""
    state = RunState(out, RunRecord("bench", "running", "", out.uri), Silent())
    started = time.perf_counter()
    fitted = fit_components(spark.sparkContext, markers, Wish(COMPONENTS), "", state)
    return time.perf_counter() - started, fitted


def sparks(spark: SparkSession, out: Storage) -> tuple[float, np.ndarray, np.ndarray]:
    """Return seconds, axes [k, d] and explained shares [k]."""
    started = time.perf_counter()
    rows = spark.read.parquet(f"{out.uri}/{FEATURES}").withColumn("vector", array_to_vector("embedding"))
    model = PCA(k=COMPONENTS, inputCol="vector", outputCol="pca").fit(rows)
    seconds = time.perf_counter() - started
    return seconds, model.pc.toArray().T, model.explainedVariance.toArray()


def quality(axes: np.ndarray, shares: np.ndarray, referee: decomposition.PCA) -> dict[str, float]:
    """Return how far axes and shares are from the referee's, and the axes from orthonormal."""
    cosines = np.linalg.svd(axes @ referee.components_.T)[1]
    return {
        "subspace": float(np.abs(1 - cosines).max()),
        "variance": float(np.abs(shares / referee.explained_variance_ratio_ - 1).max()),
        "orthonormality": float(np.abs(axes @ axes.T - np.eye(len(axes))).max()),
    }


def main(work: Path, rows: int = 100_000, runs: int = 3) -> None:
    """Measure."""
    out = open_storage(str(work / f"vectors-{rows}"))
    markers = draw_rows(out, rows)
    spark = SparkSession(start_context("local[2,4]", "bench", str(work), work, {"spark.driver.memory": "8g"}))
    try:
        ours(spark, markers[:2], out)  # both sides' workers and classes are warm then
        sparks(spark, draw_small(work))
        times_ours, times_sparks = [], []
        for _ in range(runs):
            seconds, fitted = ours(spark, markers, out)
            times_ours.append(seconds)
            seconds, axes, shares = sparks(spark, out)
            times_sparks.append(seconds)
    finally:
        spark.stop()
    tables = (from_parquet(out.read(f"{FEATURES}/{m.slice}.parquet"), ["embedding"]) for m in markers)
    everything = np.concatenate([vectors(table, "embedding") for table in tables]).astype(np.float64)
    referee = decomposition.PCA(COMPONENTS, svd_solver="full").fit(everything)
    print(
        json.dumps(
            {
                "rows": rows,
                "ours_s": [round(s, 2) for s in times_ours],
                "spark_ml_s": [round(s, 2) for s in times_sparks],
                "ratio": round(float(np.median(times_sparks) / np.median(times_ours)), 1),
                "ours": quality(fitted.axes, fitted.ratio, referee),
                "spark_ml": quality(axes, shares, referee),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), *(int(n) for n in sys.argv[2:3]))
