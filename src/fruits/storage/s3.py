"""A prefix of an S3 bucket, or of any server that speaks S3."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from fruits.storage.base import (
    Entry,
    MissingError,
    Storage,
    StorageError,
    StorageOptions,
    TooLargeError,
    encode_key,
    printable_key,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECTIONS = 32
_DELETE_AT_ONCE = 1000  # the most that one DeleteObjects call takes


class S3Storage(Storage):
    """``s3://bucket/prefix``; one PUT writes an object, so no reader sees a part of it."""

    def __init__(self, uri: str, options: StorageOptions) -> None:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise StorageError(f"{uri} names no bucket; write s3://bucket/prefix")
        prefix = prefix.strip("/")
        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = options

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See :meth:`Storage.list`. Pages of 1,000 keys are asked for as they are needed."""
        below = self._prefix + (prefix.strip("/") + "/" if prefix else "")
        last = b""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=below):
                for item in page.get("Contents", []):
                    key = item["Key"]
                    if encode_key(key) < last:
                        raise StorageError(
                            f"{self.uri} does not list its keys in order (an S3 Express directory bucket?);"
                            " copy the images to a general purpose bucket"
                        )
                    last = encode_key(key)
                    name = key[len(self._prefix) :]
                    if key.endswith("/") or any(part.startswith(".") for part in name.split("/")):
                        continue
                    yield Entry(name, item["Size"], item["ETag"].strip('"'), item["LastModified"].timestamp())
        except self._errors as error:
            self._fail("list", prefix, error)

    def read(self, key: str, limit: int | None = None) -> bytes:
        """See :meth:`Storage.read`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            with answer["Body"] as body:
                if limit is not None and answer["ContentLength"] > limit:
                    raise TooLargeError(f"{self._name(key)} is larger than {limit:,} bytes")
                return body.read()
        except self._errors as error:
            self._fail("read", key, error)

    def write(self, key: str, content: bytes) -> None:
        """See :meth:`Storage.write`."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)
        except self._errors as error:
            self._fail("write", key, error)

    def delete(self, key: str) -> None:
        """See :meth:`Storage.delete`."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        except self._errors as error:
            self._fail("delete", key, error)

    def delete_below(self, prefix: str) -> int:
        """See :meth:`Storage.delete_below`; a thousand keys a call."""
        keys = [self._prefix + entry.key for entry in self.list(prefix)]
        try:
            for start in range(0, len(keys), _DELETE_AT_ONCE):
                some = keys[start : start + _DELETE_AT_ONCE]
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
                for refused in answer.get("Errors", []):
                    raise StorageError(f"cannot delete {refused.get('Key')}: {refused.get('Message')}")
        except self._errors as error:
            self._fail("delete below", prefix, error)
        return len(keys)

    @property
    def _client(self) -> S3Client:
        return _client(self._options)

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return _client_errors()

    def _name(self, key: str) -> str:
        return printable_key(f"{self.uri}/{key}")

    def _fail(self, verb: str, key: str, error: Exception) -> NoReturn:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code in ("NoSuchKey", "404"):
            raise MissingError(f"{self._name(key)} does not exist") from error
        if code == "NoSuchBucket":
            raise MissingError(f"the bucket {self._bucket} does not exist; check the name and the region") from error
        if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
            raise StorageError(
                f"cannot {verb} {self._name(key)}: no AWS credentials found; run `aws configure` or set AWS_PROFILE"
            ) from error
        if code in ("AccessDenied", "403"):
            raise StorageError(f"cannot {verb} {self._name(key)}: access denied; check the bucket policy") from error
        raise StorageError(f"cannot {verb} {self._name(key)}: {error}") from error


@functools.cache
def _client(options: StorageOptions) -> S3Client:
    try:
        import boto3  # noqa: PLC0415 - only s3:// needs it
        from botocore.config import Config  # noqa: PLC0415
    except ImportError as error:
        raise StorageError("s3:// needs boto3; install it with: pip install 'fruits[aws]'") from error
    config = Config(
        retries={"mode": "standard", "max_attempts": 6}, max_pool_connections=_CONNECTIONS, connect_timeout=10
    )
    try:
        session = boto3.session.Session()
        return session.client("s3", region_name=options.region, endpoint_url=options.endpoint, config=config)
    except _client_errors() as error:
        raise StorageError(f"cannot set up the S3 client: {error}") from error


def _client_errors() -> tuple[type[Exception], ...]:
    try:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415
    except ImportError:  # making the client has said so already
        return ()
    return BotoCoreError, ClientError, HTTPClientError, ValueError
