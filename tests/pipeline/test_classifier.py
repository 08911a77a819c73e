"""Classifiers: our arrays against Spark's own model, our metrics against scikit-learn's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as referee

from fruits.pipeline.classifier import fit_classifier
from fruits.pipeline.classifier_arrays import ArrayClassifier
from fruits.pipeline.division import lot
from fruits.pipeline.errors import PipelineError
from fruits.pipeline.metrics import measure
from fruits.pipeline.progress import Silent
from fruits.pipeline.stages import RunState
from fruits.pipeline.tables import SCHEMAS, to_parquet, vector_column
from fruits.records import PCA, RunRecord, SliceMarker
from fruits.reduction import Moments, PrincipalComponents
from fruits.storage import open_storage

LABELS = [f"fruit {i}" for i in range(5)]


def write_clusters(folder: Path, splits: bool) -> tuple[RunState, list[SliceMarker], PrincipalComponents, np.ndarray]:
    """Write 5 overlapping clusters of 60 points in 6 components as two slices of ``pca``."""
    random = np.random.default_rng(3)
    out = open_storage(str(folder))
    truth = np.arange(300) % 5
    points = random.normal(size=(5, 6))[truth] * 3 + random.normal(size=(300, 6)) * [2, 2, 1.5, 1, 1, 1]
    components = PrincipalComponents.fit(Moments.of(points, points[0]))
    coordinates = components.transform(points).astype(np.float32)
    markers = []
    for number, rows in enumerate(np.array_split(np.arange(300), 2)):
        split = ["Test" if i % 4 == 0 else "Training" for i in rows] if splits else [""] * len(rows)
        columns = [[f"{LABELS[truth[i]]}/{i}.jpg" for i in rows], [LABELS[truth[i]] for i in rows], split]
        table = pa.table([*columns, vector_column(coordinates[rows])], schema=SCHEMAS[PCA])
        out.write(f"{PCA}/s{number}.parquet", to_parquet(table))
        labels = {label: columns[1].count(label) for label in LABELS}
        counts = {name: split.count(name) for name in set(split)}
        markers.append(SliceMarker(f"s{number}", "b", "", "", len(rows), len(rows), 0, labels=labels, splits=counts))
    return RunState(out, RunRecord("r", "running", "", out.uri), Silent()), markers, components, coordinates


@pytest.mark.parametrize("kind", ["logistic", "svm", "mlp"])
def test_arrays_predict_what_spark_predicts(kind: str, tmp_path: Path, spark) -> None:
    from pyspark.ml import classification
    from pyspark.ml.linalg import Vectors

    state, markers, components, coordinates = write_clusters(tmp_path, splits=True)
    summary = fit_classifier(spark.sparkContext, markers, kind, components, state)
    arrays = ArrayClassifier.load((tmp_path / "model_info/classifier.npz").read_bytes())
    form = {
        "logistic": classification.LogisticRegressionModel,
        "svm": classification.OneVsRestModel,
        "mlp": classification.MultilayerPerceptronClassificationModel,
    }[kind].load((tmp_path / "model_info/classifier.spark").as_uri())
    rows = [(Vectors.dense(row),) for row in coordinates.astype(float) / arrays.scale]
    theirs = [int(row["prediction"]) for row in form.transform(spark.createDataFrame(rows, ["features"])).collect()]
    assert arrays.predict(coordinates)[0].tolist() == theirs
    if kind != "svm":
        np.testing.assert_allclose(arrays.scores(coordinates).sum(axis=1), 1)
    assert summary["accuracy"] > 0.7
    assert (summary["train_images"], summary["test_images"], summary["split"]) == (225, 75, "folders")


def test_metrics_and_predictions_agree_with_the_referee(tmp_path: Path, spark) -> None:
    state, markers, components, _ = write_clusters(tmp_path, splits=True)
    summary = fit_classifier(spark.sparkContext, markers, "logistic", components, state)
    written = json.loads((tmp_path / "model_info/metrics.json").read_text())
    rows = pq.read_table(tmp_path / "predictions").to_pylist()
    tests = [row for row in rows if row["split"] == "Test"]
    truth, predicted = [r["label"] for r in tests], [r["predicted"] for r in tests]
    assert len(rows) == 300
    assert summary["accuracy"] == pytest.approx(referee.accuracy_score(truth, predicted))
    assert summary["macro_f1"] == pytest.approx(referee.f1_score(truth, predicted, average="macro"))
    assert written["confusion"] == referee.confusion_matrix(truth, predicted, labels=LABELS).tolist()
    assert [point["components"] for point in summary["curve"]] == [2, 5, 6]
    assert summary["curve"][-1]["accuracy"] == pytest.approx(summary["accuracy"], abs=0.05)
    assert "optimistic" in written["note"]


def test_without_folders_a_fifth_of_each_label_tests(tmp_path: Path, spark) -> None:
    state, markers, components, _ = write_clusters(tmp_path, splits=False)
    summary = fit_classifier(spark.sparkContext, markers, "logistic", components, state)
    assert summary["split"] == "stratified"
    rows = pq.read_table(tmp_path / "predictions").to_pylist()
    for label in LABELS:
        assert sum(r["label"] == label and r["split"] == "Test" for r in rows) == 12
    tests = {r["path"] for r in rows if r["split"] == "Test"}
    trainings = {r["path"] for r in rows if r["split"] == "Training"}
    assert not tests & trainings
    worst = max(lot(path) for path in tests if path.startswith("fruit 0/"))
    assert all(lot(path) > worst for path in trainings if path.startswith("fruit 0/"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_measure_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    confusion = referee.confusion_matrix(truth, predicted, labels=range(5)).astype(np.int64)
    ours = measure(confusion, LABELS)
    assert ours["accuracy"] == pytest.approx(referee.accuracy_score(truth, predicted))
    assert ours["macro_f1"] == pytest.approx(referee.f1_score(truth, predicted, average="macro", zero_division=0))
    table = referee.precision_recall_fscore_support(truth, predicted, labels=range(5), zero_division=0)
    for row in ours["per_class"]:
        i = LABELS.index(row["label"])
        assert [row["precision"], row["recall"], row["f1"], row["support"]] == pytest.approx([t[i] for t in table])


def test_a_strange_file_is_no_classifier() -> None:
    with pytest.raises(PipelineError, match=r"classifier\.npz"):
        ArrayClassifier.load(b"PK\x03\x04 nonsense")


def test_lots_are_even() -> None:
    lots = np.array([lot(f"image {i}") for i in range(4000)])
    assert 0 <= lots.min() < 0.01
    assert 0.99 < lots.max() < 1
    assert abs((lots < 0.2).mean() - 0.2) < 0.02
