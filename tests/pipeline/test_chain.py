"""The whole chain on drawn images, in one shared Spark."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.decomposition import PCA as Referee

from fruits.cli.settings import backbone_cache
from fruits.pipeline.chain import run
from fruits.pipeline.components import load_components
from fruits.pipeline.earlier import earlier_backbone
from fruits.pipeline.errors import TooManyErrors, UsageError
from fruits.pipeline.options import Options
from fruits.pipeline.tables import vectors
from fruits.records import RunRecord, SliceMarker
from fruits.storage import open_storage
from fruits.vision.backbones import IMAGENET, Backbone, load_backbone
from fruits.vision.decode import decode
from fruits.vision.embedder import Embedder

QUICK = {"components": 8, "classifier": "none"}


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return load_backbone(IMAGENET, backbone_cache())


@pytest.fixture(scope="module")
def finished(samples: Path, backbone: Backbone, spark: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over the drawn images, with everything a run can write."""
    out = tmp_path_factory.mktemp("finished") / "out"
    run(str(samples), str(out), backbone, Options(components=8, csv=True, batch_size=50), command="fruits run ...")
    return out


@pytest.fixture
def images(samples: Path, tmp_path: Path) -> Path:
    """A copy of forty drawn images that a test may change."""
    folder = tmp_path / "images"
    for path in sorted(samples.rglob("*.jpg"))[::3]:
        target = folder / path.relative_to(samples)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


def table(out: Path, name: str) -> pa.Table:
    return pq.read_table(out / name).sort_by("path")


def contents(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def keys_of(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.jpg"))


def test_every_image_is_in_every_table_once(finished: Path, samples: Path) -> None:
    paths = keys_of(samples)
    for name in ("features", "pca", "metadata", "predictions"):
        rows = table(finished, name)
        assert rows["path"].to_pylist() == paths, name
        assert [p.split("/")[1] for p in paths] == rows["label"].to_pylist()
        assert [p.split("/")[0] for p in paths] == rows["split"].to_pylist()
    record = RunRecord.from_json((finished / "run.json").read_bytes())
    assert record.status == "done"
    assert record.seen == record.features == len(paths)
    assert sum(record.labels.values()) == len(paths)
    assert set(record.seconds) >= {"manifest", "spark", "embedding", "components", "classifier"}
    assert record.peak_memory["worker"] > 0
    assert (finished / "report.html").stat().st_size > 10_000


def test_embeddings_are_the_embedder_s_own(finished: Path, samples: Path, backbone: Backbone) -> None:
    rows = table(finished, "features")
    paths = rows["path"].to_pylist()[::40]
    pixels = np.stack([decode((samples / path).read_bytes(), backbone.size).pixels for path in paths])
    expected = Embedder(backbone.graph).embed(pixels)
    np.testing.assert_allclose(vectors(rows, "embedding")[::40], expected, rtol=1e-3, atol=1e-4)


def test_metadata_describes_the_files(finished: Path, samples: Path) -> None:
    for row in table(finished, "metadata").to_pylist()[::30]:
        file = samples / row["path"]
        assert row["bytes"] == file.stat().st_size
        assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert (row["width"], row["height"], row["format"]) == (100, 100, "JPEG")
        assert abs(row["modified"].timestamp() - file.stat().st_mtime) < 1e-3


def test_components_equal_scikit_learn_s(finished: Path) -> None:
    embeddings = vectors(table(finished, "features"), "embedding").astype(np.float64)
    referee = Referee(8, svd_solver="full").fit(embeddings)
    ours = load_components(open_storage(str(finished)))
    np.testing.assert_allclose(ours.variance, referee.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.ratio, referee.explained_variance_ratio_, rtol=1e-5)
    cosines = np.linalg.svd(ours.axes @ referee.components_.T)[1]  # of the angles between the two subspaces
    np.testing.assert_allclose(cosines, 1, rtol=1e-5)
    coordinates = vectors(table(finished, "pca"), "components")
    np.testing.assert_allclose(coordinates, ours.transform(embeddings), rtol=1e-4, atol=1e-4)
    lines = list(csv.DictReader(io.StringIO((finished / "model_info/explained_variance.csv").read_text())))
    assert [int(line["component"]) for line in lines] == list(range(1, 9))
    assert float(lines[-1]["cumulative_percent"]) == pytest.approx(100 * referee.explained_variance_ratio_.sum(), 1e-5)


def test_spark_reads_the_tables(finished: Path, spark) -> None:
    features = spark.read.parquet(str(finished / "features"))
    assert features.dtypes == [
        ("path", "string"),
        ("label", "string"),
        ("split", "string"),
        ("embedding", "array<float>"),
    ]
    assert features.count() == 120
    assert spark.read.parquet(str(finished / "metadata")).selectExpr("max(modified)").first()[0].year >= 2024


def test_csv_holds_the_same_numbers(finished: Path) -> None:
    rows = [
        row
        for file in sorted((finished / "csv/pca").iterdir())
        for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))
    ]
    rows.sort(key=lambda row: row["path"].encode())
    stored = table(finished, "pca")
    assert [row["path"] for row in rows] == stored["path"].to_pylist()
    values = [[float(row[f"c{i}"]) for i in range(1, 9)] for row in rows]
    np.testing.assert_allclose(values, vectors(stored, "components"), rtol=1e-5)


def test_running_twice_changes_nothing(finished: Path, samples: Path, backbone: Backbone) -> None:
    before = contents(finished)
    record = run(str(samples), str(finished), backbone, Options(components=8, csv=True, batch_size=50))
    assert contents(finished) == before
    assert record.embedded == 0 or record.status == "done"


def test_grows_changes_and_shrinks_with_the_folder(images: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    out, options = tmp_path / "out", Options(batch_size=8, **QUICK)
    run(str(images), str(out), backbone, options)
    files = sorted(images.rglob("*.jpg"))
    kept = table(out, "features")
    files[0].unlink()
    shutil.copy(files[5], files[9])  # changed
    shutil.copy(files[6], files[6].with_name("new.jpg"))
    record = run(str(images), str(out), backbone, options)
    assert record.embedded == 2
    after = table(out, "features")
    assert after["path"].to_pylist() == table(out, "metadata")["path"].to_pylist() == keys_of(images)
    same = set(kept["path"].to_pylist()) - {str(files[i].relative_to(images)) for i in (0, 9)}
    old = {r["path"]: r["embedding"] for r in kept.to_pylist()}
    new = {r["path"]: r["embedding"] for r in after.to_pylist()}
    assert all(old[path] == new[path] for path in same)
    assert new[str(files[5].relative_to(images))] == pytest.approx(new[str(files[9].relative_to(images))], abs=1e-5)
    assert table(out, "pca")["path"].to_pylist() == keys_of(images)
    markers = [SliceMarker.from_json(p.read_bytes()) for p in (out / "_slices").iterdir()]
    assert sum(marker.images for marker in markers) == len(keys_of(images))


def test_a_folder_that_only_lost_images(images: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    out, options = tmp_path / "out", Options(batch_size=5, **QUICK)
    run(str(images), str(out), backbone, options)
    for file in sorted(images.rglob("*.jpg"))[:5]:  # one whole slice
        file.unlink()
    assert run(str(images), str(out), backbone, options).embedded == 0
    assert table(out, "pca")["path"].to_pylist() == keys_of(images)


def test_bad_images_leave_a_row_with_the_reason(images: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    label = next((images / "Training").iterdir())
    whole = next(label.glob("*.jpg")).read_bytes()
    (label / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (label / "zero.jpg").write_bytes(b"")
    (label / "page.jpg").write_text("<!DOCTYPE html><p>Not found")
    (label / "gone.jpg").symlink_to("nowhere")
    out = tmp_path / "out"
    with pytest.raises(TooManyErrors, match="more than 5%") as caught:
        run(str(images), str(out), backbone, Options(batch_size=8, **QUICK))
    assert caught.value.exit_code == 3
    record = run(str(images), str(out), backbone, Options(batch_size=8, max_errors=0.5, **QUICK))
    errors = {row["path"].rsplit("/", 1)[1]: (row["stage"], row["reason"]) for row in table(out, "errors").to_pylist()}
    assert errors == {
        "zero.jpg": ("decode", "empty"),
        "page.jpg": ("decode", "not-an-image"),
        "half.jpg": ("decode", "truncated"),
        "gone.jpg": ("read", "vanished"),
    }
    assert (record.seen, record.errors) == (len(list(images.rglob("*.jpg"))), 4)
    assert record.seen == record.features + record.errors == len(table(out, "features")) + 4
    gone = label / "gone.jpg"
    gone.unlink()
    shutil.copy(sorted(label.glob("*.jpg"))[0], gone)
    assert run(str(images), str(out), backbone, Options(max_errors=0.5, **QUICK)).errors == 3


def test_other_components_do_not_embed_again(images: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    out = tmp_path / "out"
    run(str(images), str(out), backbone, Options(**QUICK))
    record = run(str(images), str(out), backbone, Options(components=None, variance=0.9, classifier="none"))
    assert record.embedded == 0
    assert record.components["explained"] >= 0.9
    assert vectors(table(out, "pca"), "components").shape[1] == record.components["count"] != 8


def test_fresh_starts_over_and_too_many_components_are_clamped(
    images: Path, tmp_path: Path, backbone: Backbone, spark
) -> None:
    out = tmp_path / "out"
    run(str(images), str(out), backbone, Options(**QUICK))
    record = run(str(images), str(out), backbone, Options(components=5000, classifier="none", fresh=True))
    assert record.embedded == len(keys_of(images)) == record.components["count"]
    assert "5000 components were asked for" in record.warnings[0]


def test_limit_and_labels_choose_images(samples: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    record = run(str(samples), str(tmp_path / "a"), backbone, Options(limit=24, **QUICK))
    assert record.seen == 24
    assert max(record.labels.values()) - min(record.labels.values()) <= 1
    record = run(str(samples), str(tmp_path / "b"), backbone, Options(labels=["Apple*"], **QUICK))
    assert all(label.startswith("Apple") for label in record.labels)
    with pytest.raises(UsageError, match="with a label like Durian"):
        run(str(samples), str(tmp_path / "c"), backbone, Options(labels=["Durian*"], **QUICK))


def test_apply_uses_what_an_earlier_run_fitted(finished: Path, images: Path, tmp_path: Path, spark) -> None:
    out = tmp_path / "out"
    backbone = earlier_backbone(str(finished))
    record = run(str(images), str(out), backbone, Options(apply=str(finished)))
    ours = {row["path"]: row["components"] for row in table(out, "pca").to_pylist()}
    theirs = {row["path"]: row["components"] for row in table(finished, "pca").to_pylist()}
    for path, values in ours.items():
        np.testing.assert_allclose(values, theirs[path], atol=2e-3)
    assert (out / "model_info/components.npz").read_bytes() == (finished / "model_info/components.npz").read_bytes()
    predicted = {row["path"]: row["predicted"] for row in table(out, "predictions").to_pylist()}
    assert predicted == {
        row["path"]: row["predicted"] for row in table(finished, "predictions").to_pylist() if row["path"] in predicted
    }
    assert json.loads((out / "model_info/metrics.json").read_text())["applied"] is True
    assert record.classifier["test_images"] == len(predicted)


def test_one_label_has_nothing_to_classify(images: Path, tmp_path: Path, backbone: Backbone, spark) -> None:
    label = next((images / "Training").iterdir())
    record = run(str(label), str(tmp_path / "out"), backbone, Options(components=1))
    assert record.classifier == {}
    assert "only one label" in record.warnings[0]
    assert not (tmp_path / "out" / "predictions").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"components": 0}, "at least 1"),
        ({"components": None, "variance": 1.5}, "at most 1"),
        ({"classifier": "oracle"}, "one of logistic"),
        ({"limit": 0}, "at least 1"),
        ({"batch_size": -3}, "at least 1"),
        ({"max_errors": 2.0}, "between 0 and 1"),
        ({"apply": "/nowhere"}, "OUT of a run"),
    ],
)
def test_wrong_wishes_are_refused_before_work(
    samples: Path, tmp_path: Path, backbone: Backbone, options: dict, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        run(str(samples), str(tmp_path / "out"), backbone, Options(**options))
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_work_are_refused(samples: Path, finished: Path, tmp_path: Path, backbone: Backbone) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("important")
    other = Backbone(**{**backbone.__dict__, "name": "other", "digest": "0" * 64})
    cases = [
        (samples, samples / "out", backbone, "inside IMAGES"),
        (samples, samples, backbone, "inside IMAGES"),
        (tmp_path / "nowhere", tmp_path / "out", backbone, "does not exist"),
        (tmp_path / "empty", tmp_path / "out", backbone, "no images"),
        (samples, tmp_path / "mine", backbone, "holds no run"),
        (samples, finished, other, "embeddings of the backbone efficientnet-lite0"),
        (tmp_path / "empty", finished, backbone, "holds a run over"),
    ]
    for images, out, model, sentence in cases:
        with pytest.raises(UsageError, match=sentence):
            run(str(images), str(out), model, Options(**QUICK))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "important"
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
