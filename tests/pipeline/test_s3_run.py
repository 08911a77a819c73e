"""The chain from a bucket to a bucket, over HTTP."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from fruits.storage import Storage, StorageOptions, open_storage
from servers import CREDENTIALS, check_complete, embeddings, record_of

HOW = ("--batch-size", "16", "--components", "4", "--classifier", "none")


@pytest.fixture
def bucket(s3_address: str, spark, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket; driver and workers know the way to it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    spark.sparkContext.environment.update(CREDENTIALS)
    client = boto3.client("s3")
    client.create_bucket(Bucket="fruits", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    return "fruits"


def etags(bucket: str) -> dict[str, str]:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", [])}


def test_from_bucket_to_bucket_again_and_again(cli, bucket: str, s3_address: str, samples: Path) -> None:
    drawn = sorted(samples.rglob("*.jpg"))
    uri = f"s3://{bucket}/some images"
    options = StorageOptions("eu-west-3", s3_address)
    images, out = open_storage(uri, options), open_storage(f"s3://{bucket}/out", options)
    open_storage(f"s3://{bucket}/some images 2", options).write("Not/asked.jpg", drawn[0].read_bytes())
    keys = [str(path.relative_to(samples)) for path in drawn]

    def upload(some: slice) -> None:
        for key, path in zip(keys[some], drawn[some], strict=True):
            images.write(key, path.read_bytes())

    def go(*more: str) -> int:
        return cli("run", uri, out.uri, *HOW, *more).code

    upload(slice(0, 60))
    assert go() == 0
    assert check_complete(images, out).embedded == 60
    assert out.read("report.html").startswith(b"<!")

    first = etags(bucket)
    assert go() == 0
    assert etags(bucket) == first

    upload(slice(60, 65))
    assert go() == 0
    assert check_complete(images, out).embedded == 5
    grown = embeddings(out)

    images.delete(keys[7])
    assert go() == 0
    assert check_complete(images, out).embedded == 0
    assert embeddings(out).keys() == grown.keys() - {keys[7]}

    images.write(keys[8], drawn[100].read_bytes())
    assert go() == 0
    assert check_complete(images, out).embedded == 1
    changed = {key for key, row in embeddings(out).items() if row != grown[key]}
    assert changed == {keys[8]}

    assert same_as_on_disk(cli, images, out, samples.parent / "copy")


def same_as_on_disk(cli, images: Storage, out: Storage, folder: Path) -> bool:
    for entry in images.list():
        path = folder / "images" / entry.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(images.read(entry.key))
    assert cli("run", folder / "images", folder / "out", *HOW).code == 0
    return embeddings(open_storage(str(folder / "out"))) == embeddings(out)


@pytest.mark.parametrize("which", ["images", "out"])
def test_a_bucket_that_is_not_there(cli, s3_address: str, samples: Path, monkeypatch, which: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    places = ("s3://no-such/x", "/tmp/never-made") if which == "images" else (samples, "s3://no-such/x")
    answer = cli("run", *places)
    assert answer.code == 2
    assert answer.said == "fruits run: the bucket no-such does not exist; check the name and the region\n"


def test_no_server(cli, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    answer = cli("run", samples, "s3://fruits/out")
    assert answer.code == 2
    assert "127.0.0.1:1" in answer.last


def test_out_inside_images_and_the_other_way_round(cli, s3_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    for images, out in (("s3://b/x", "s3://b/x/"), ("s3://b/x", "s3://b/x/out"), ("s3://b/x/images", "s3://b/x")):
        answer = cli("run", images, out, "--fresh")
        assert answer.code == 2
        assert "lies inside" in answer.last


def test_a_stopped_run_goes_on(cli, bucket_with_errors: tuple[str, Storage, Storage]) -> None:
    uri, images, out = bucket_with_errors
    assert cli("run", uri, out.uri, *HOW).code == 3
    assert record_of(out).status == "stopped"
    assert cli("run", uri, out.uri, *HOW, "--max-errors", "0.5").code == 0
    assert check_complete(images, out).errors == 4


@pytest.fixture
def bucket_with_errors(bucket_again: str, s3_address: str, samples: Path) -> tuple[str, Storage, Storage]:
    options = StorageOptions("eu-west-3", s3_address)
    images, out = (open_storage(f"s3://{bucket_again}/{name}", options) for name in ("bad-images", "bad-out"))
    for number, path in enumerate(sorted(samples.rglob("*.jpg"))[:16]):
        images.write(f"{path.parent.name}/{path.name}", b"no image" if number % 4 == 0 else path.read_bytes())
    return images.uri, images, out


@pytest.fixture
def bucket_again(s3_address: str, spark, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    spark.sparkContext.environment.update(CREDENTIALS)
    region = {"LocationConstraint": "eu-west-3"}
    boto3.client("s3").create_bucket(Bucket="fruits-again", CreateBucketConfiguration=region)
    return "fruits-again"
