"""A real standalone cluster: a master and two workers, every one a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

from fruits.pipeline.manifest import read_markers
from fruits.records import EVENTS, SLICES
from fruits.storage import StorageOptions, open_storage
from servers import (
    CREDENTIALS,
    Cluster,
    check_complete,
    embeddings,
    kill,
    make_images,
    record_of,
    s3_server,
    spark_cluster,
    start,
    start_cli,
    wait_until,
)

pytestmark = pytest.mark.cluster

IMAGES, SLICE = 400, 8
HOW = ("--batch-size", str(SLICE), "--components", "4", "--spark", "spark.ui.enabled=false")
LONG = 300.0


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    make_images(folder, IMAGES)
    return folder


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, s3: str) -> Iterator[Cluster]:
    """Two workers of one core; their executors find the S3 server's credentials in the environment."""
    with spark_cluster(tmp_path_factory.mktemp("cluster"), 2, **CREDENTIALS) as started:
        yield started


def test_both_workers_embed_and_every_image_is_there_once(images: Path, cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start_cli("run", str(images), str(out), *HOW, "--master", cluster.address, log=tmp_path / "log")
    try:
        assert process.wait(LONG) == 0, process.said()
    finally:
        process.kill_group()
    record = check_complete(images, out)
    assert record.embedded == IMAGES
    assert record.classifier["accuracy"] > 0.9  # the labels differ in colour
    assert len({marker.worker for marker in read_markers(open_storage(str(out)))}) >= 2


def test_an_executor_that_is_killed_loses_nothing(images: Path, cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    slices = out / SLICES
    process = start_cli("run", str(images), str(out), *HOW, "--master", cluster.address, log=tmp_path / "log")
    try:
        wait_until(lambda: len(list(slices.glob("*.json"))) >= 5 or not process.running(), "five slices", LONG)
        victims = cluster.executors()
        kill(victims[0])
        assert len(list(slices.glob("*.json"))) < IMAGES // SLICE, "the run was over before the executor was killed"
        assert process.wait(LONG) == 0, process.said()
    finally:
        process.kill_group()
    assert len(victims) == 2
    assert check_complete(images, out).embedded == IMAGES


def test_images_and_results_in_a_bucket(images: Path, cluster: Cluster, s3: str, tmp_path: Path) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3,
        region_name="eu-west-3",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket="fruits", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    for path in sorted(images.rglob("*.jpg"))[::10]:
        client.put_object(Bucket="fruits", Key=f"images/{path.relative_to(images)}", Body=path.read_bytes())
    command = ("run", "s3://fruits/images", "s3://fruits/out", *HOW, "--master", cluster.address)
    process = start_cli(*command, log=tmp_path / "log", AWS_ENDPOINT_URL=s3, **CREDENTIALS)
    try:
        assert process.wait(LONG) == 0, process.said()
    finally:
        process.kill_group()
    options = StorageOptions("eu-west-3", s3)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        out = open_storage("s3://fruits/out", options)
        assert check_complete(open_storage("s3://fruits/images", options), out).embedded == IMAGES // 10
        assert len(embeddings(out)) == IMAGES // 10
        assert out.read("report.html").startswith(b"<!")
        assert [entry.key for entry in out.list(EVENTS)], "the event log is kept"


def test_spark_submit_keeps_its_own_settings(images: Path, tmp_path: Path) -> None:
    """As on EMR: the master is spark-submit's, not ours."""
    binaries = Path(sys.executable).parent
    program = tmp_path / "fruits_on_spark.py"
    program.write_text("import sys\nfrom fruits.cli import main\nsys.exit(main())\n")
    command = [str(binaries / "spark-submit"), "--master", "local[1]", str(program)]
    how = ["--limit", "24", "--classifier", "none", "--components", "4"]
    # spark-submit looks for its home and its Python by itself, and finds another Python's where there is one.
    home = {"SPARK_HOME": str(Path(pyspark.__file__).parent), "PYSPARK_PYTHON": sys.executable}
    process = start([*command, "run", str(images), str(tmp_path / "out"), *how], tmp_path / "log", **home)
    try:
        assert process.wait(LONG) == 0, process.said()
    finally:
        process.kill_group()
    record = record_of(open_storage(str(tmp_path / "out")))
    assert (record.status, record.features, record.cores) == ("done", 24, 1)
