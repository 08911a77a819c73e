"""The classifier stage: Spark ML learns labels from components; plain arrays apply it and are measured."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fruits.pipeline.classifier_arrays import ArrayClassifier, Float64s, Kind
from fruits.pipeline.classifier_curve import measure_curve
from fruits.pipeline.classifier_training import train
from fruits.pipeline.division import Division, lot
from fruits.pipeline.metrics import measure
from fruits.pipeline.stages import RunState, run_job
from fruits.pipeline.tables import SCHEMAS, from_parquet, to_parquet, vectors
from fruits.records import MODEL, PCA, PREDICTIONS, SliceMarker, to_json
from fruits.reduction import PrincipalComponents
from fruits.storage import MissingError, Storage

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame, SparkSession

KINDS: tuple[Kind, ...] = ("logistic", "svm", "mlp")
CLASSIFIER_FILE = f"{MODEL}/classifier.npz"
METRICS_FILE = f"{MODEL}/metrics.json"
SPARK_MODEL = f"{MODEL}/classifier.spark"
_ROWS_OF_A_PARTITION = 20_000  # each iteration of a learner is a job with a task per partition
TEST_SHARE = 0.2  # of each label, where the folders do not say what is Test
NOTE = (
    "Frames of one specimen, filmed side by side, can lie in both Training and Test: this accuracy is optimistic and"
    " says nothing of photos that people take."
)


def fit_classifier(
    context: SparkContext, markers: Sequence[SliceMarker], kind: Kind, components: PrincipalComponents, state: RunState
) -> dict[str, Any]:
    """Train on ``pca``, write predictions, metrics and the model; return the summary.

    Returns:
        the metrics, without confusion matrix and per-class table.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415

    spark = SparkSession.builder.getOrCreate()  # on the context that is there
    labels = sorted(set().union(*(marker.labels for marker in markers)))
    splits = set().union(*(marker.splits for marker in markers))
    scale = np.sqrt(np.maximum(components.variance, components.variance[0] * 1e-12))
    rows = _rows(spark, markers, state.out, scale).cache()
    division = Division(None) if {"Training", "Test"} <= splits else _stratified(rows, markers)
    table = _with_index(spark, rows, labels, division).cache()
    state.reporter.say(f"training a classifier ({kind}) for {len(labels)} labels")
    model, fitted = train(table, kind, labels, scale)
    state.out.write(CLASSIFIER_FILE, fitted.save())
    _save_spark_form(spark, model, state)
    points = measure_curve(context, table, markers, fitted, division, state)
    rows.unpersist()
    table.unpersist()
    metrics = predict(context, markers, fitted, division, state)
    metrics |= {"curve": points, "curve_kind": "logistic", "applied": False, "note": NOTE}
    state.out.write(METRICS_FILE, to_json(metrics))
    return _summary(metrics)


def apply_classifier(
    context: SparkContext, markers: Sequence[SliceMarker], fitted: ArrayClassifier, state: RunState
) -> dict[str, Any]:
    """Predict with an earlier run's classifier; measure it on all images whose label it knows."""
    state.out.write(CLASSIFIER_FILE, fitted.save())
    known = dict.fromkeys(fitted.labels, 1.0)
    thresholds = {label: known.get(label, -1.0) for marker in markers for label in marker.labels}
    metrics = predict(context, markers, fitted, Division(thresholds), state)
    metrics |= {"curve": [], "curve_kind": "", "applied": True, "note": NOTE, "train_images": 0}
    state.out.write(METRICS_FILE, to_json(metrics))
    return _summary(metrics)


def read_summary(out: Storage) -> dict[str, Any]:
    """Return the summary of the classifier that a run left, or {} if it left none."""
    try:
        return _summary(json.loads(out.read(METRICS_FILE)))
    except MissingError:
        return {}


def _summary(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name not in ("confusion", "per_class", "labels")}


def predict(
    context: SparkContext,
    markers: Sequence[SliceMarker],
    fitted: ArrayClassifier,
    division: Division,
    state: RunState,
) -> dict[str, Any]:
    """Write the table ``predictions`` slice by slice and return the metrics of the test images."""
    out, model = state.out, context.broadcast(fitted)

    def write(ids: Iterable[str]) -> Iterator[Counter[tuple[bool, str, str]]]:
        for slice_id in ids:
            table = from_parquet(out.read(f"{PCA}/{slice_id}.parquet"))
            best, score = model.value.predict(vectors(table, "components"))
            columns = {name: table[name].to_pylist() for name in ("path", "label", "split")}
            tests = [division.is_test(*row) for row in zip(*columns.values(), strict=True)]
            predicted = [model.value.labels[i] for i in best]
            if division.thresholds is not None and not any(columns["split"]):
                columns["split"] = ["Test" if test else "Training" for test in tests]
            result = pa.table([*columns.values(), predicted, score], schema=SCHEMAS[PREDICTIONS])
            out.write(f"{PREDICTIONS}/{slice_id}.parquet", to_parquet(result))
            yield Counter(zip(tests, columns["label"], predicted, strict=True))

    slices = [marker.slice for marker in markers if marker.features]
    rdd = context.parallelize(slices, min(len(slices), 4 * context.defaultParallelism)).mapPartitions(write)
    counts = run_job(context, "predictions", lambda: sum(rdd.collect(), Counter()), state, lambda: None)
    index = {label: i for i, label in enumerate(fitted.labels)}
    confusion = np.zeros((len(index), len(index)), dtype=np.int64)
    unknown = 0
    for (test, label, answer), count in counts.items():
        if test and label in index:
            confusion[index[label], index[answer]] += count
        elif test:
            unknown += count
    tested = int(confusion.sum())
    if unknown:
        state.warn(f"{unknown:,} test images have a label that the classifier never saw; they are not measured")
    return {
        "kind": fitted.kind,
        "split": "folders" if division.thresholds is None else "stratified",
        "train_images": sum(counts.values()) - tested - unknown,
        "test_images": tested,
        "labels": list(fitted.labels),
        "confusion": confusion.tolist(),
        **measure(confusion, fitted.labels),
    }


def _rows(spark: SparkSession, markers: Sequence[SliceMarker], out: Storage, scale: Float64s) -> DataFrame:
    """Return path, label, split and the standardised components of every image as a DataFrame."""
    from pyspark.ml.linalg import DenseVector, VectorUDT  # noqa: PLC0415
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType  # noqa: PLC0415

    def read(ids: Iterable[str]) -> Iterator[tuple[str, str, str, float, DenseVector]]:
        for slice_id in ids:
            table = from_parquet(out.read(f"{PCA}/{slice_id}.parquet"))
            values = vectors(table, "components") / scale
            columns = (table[name].to_pylist() for name in ("path", "label", "split"))
            for path, label, split, row in zip(*columns, values, strict=True):
                yield path, label, split, lot(path), DenseVector(row)

    schema = StructType(
        [
            StructField("path", StringType(), False),
            StructField("label", StringType(), False),
            StructField("split", StringType(), False),
            StructField("lot", DoubleType(), False),
            StructField("features", VectorUDT(), False),
        ]
    )
    context = spark.sparkContext
    slices = [marker.slice for marker in markers if marker.features]
    features = sum(marker.features for marker in markers)
    partitions = min(len(slices), max(context.defaultParallelism, features // _ROWS_OF_A_PARTITION))
    return spark.createDataFrame(
        context.parallelize(slices, partitions).mapPartitions(read), schema, verifySchema=False
    )


def _stratified(rows: DataFrame, markers: Sequence[SliceMarker]) -> Division:
    """Return the division in which a fifth of each label's images test; a label's only image teaches."""
    from pyspark.sql import functions  # noqa: PLC0415

    counts = sum((Counter(marker.labels) for marker in markers), Counter())
    share = functions.percentile_approx("lot", TEST_SHARE, 10_000).alias("threshold")
    thresholds = {row["label"]: float(row["threshold"]) for row in rows.groupBy("label").agg(share).collect()}
    return Division({label: value if counts[label] > 1 else -1.0 for label, value in thresholds.items()})


def _with_index(spark: SparkSession, rows: DataFrame, labels: Sequence[str], division: Division) -> DataFrame:
    """Return the training rows with their label's index as column ``index``."""
    from pyspark.sql import functions  # noqa: PLC0415

    thresholds = division.thresholds or {}
    known = [(label, float(i), thresholds.get(label, 0.0)) for i, label in enumerate(labels)]
    index = functions.broadcast(spark.createDataFrame(known, "label string, index double, threshold double"))
    joined = rows.join(index, "label")
    if division.thresholds is None:
        return joined.where("split != 'Test'")
    return joined.where("lot > threshold")


def _save_spark_form(spark: SparkSession, model: Any, state: RunState) -> None:  # noqa: ANN401 - any Spark model
    """Keep Spark's own form of the model beside the arrays."""
    if not str(spark.sparkContext.master).startswith("local"):
        try:  # executors write it themselves: a shared disk, or EMR's own s3://
            model.write().overwrite().save(f"{state.out.uri}/{SPARK_MODEL}")
        except Exception as error:  # noqa: BLE001 - the arrays hold all there is to know
            state.warn(f"Spark's own form of the classifier was not saved ({type(error).__name__}); the arrays were")
        return
    folder = Path(tempfile.mkdtemp(prefix="fruits-model-"))
    try:
        model.write().overwrite().save((folder / "model").as_uri())
        state.out.delete_below(SPARK_MODEL)
        for file in sorted((folder / "model").rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                state.out.write(f"{SPARK_MODEL}/{file.relative_to(folder / 'model').as_posix()}", file.read_bytes())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
