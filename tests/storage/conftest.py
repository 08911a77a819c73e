"""A server that speaks S3, and storages of both kinds to hold them to one contract."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from fruits.storage import Storage, StorageOptions, open_storage
from servers import CREDENTIALS, s3_server

_NUMBERS = itertools.count()
MakeStorage = Callable[[], Storage]


@pytest.fixture(scope="session")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server with no buckets."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server wants some; it takes any."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_client(s3_address: str, credentials: None) -> object:
    """boto3's own client, to look at what is really there."""
    return boto3.client("s3", endpoint_url=s3_address)


@pytest.fixture
def options(s3_address: str) -> StorageOptions:
    return StorageOptions("eu-west-3", s3_address)


@pytest.fixture
def bucket(s3_client, options: StorageOptions) -> str:
    """A new, empty bucket."""
    name = f"bucket-{next(_NUMBERS)}"
    s3_client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": options.region})
    return name


@pytest.fixture(params=["local", "s3", "s3-prefix"])
def make_storage(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStorage:
    """Make new, empty storages of one kind."""
    if request.param == "local":
        return lambda: open_storage(str(tmp_path / f"storage{next(_NUMBERS)}"))
    bucket, options = request.getfixturevalue("bucket"), request.getfixturevalue("options")
    if request.param == "s3":  # the bucket itself; made empty for each
        whole = open_storage(f"s3://{bucket}", options)
        return lambda: (whole.delete_below(""), whole)[1]
    return lambda: open_storage(f"s3://{bucket}/some/prefix{next(_NUMBERS)}", options)


@pytest.fixture
def storage(make_storage: MakeStorage) -> Storage:
    """A new, empty storage."""
    return make_storage()
