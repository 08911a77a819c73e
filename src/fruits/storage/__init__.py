"""One way to list, read and write: a folder or an ``s3://`` prefix, chosen by URI.

>>> out = open_storage("/tmp/out")
>>> out.write("run.json", b"{}")
>>> [entry.key for entry in out.list()]
['run.json']
"""

from __future__ import annotations

from fruits.storage.base import Entry, MissingError, Storage, StorageError, StorageOptions, TooLargeError

__all__ = [
    "Entry",
    "MissingError",
    "Storage",
    "StorageError",
    "StorageOptions",
    "TooLargeError",
    "is_remote",
    "normalise_uri",
    "open_storage",
]


def is_remote(uri: str) -> bool:
    """Whether ``uri`` names something other than a folder of this machine."""
    return "://" in uri and not uri.startswith("file://")


def normalise_uri(uri: str) -> str:
    """Return the one spelling of ``uri``: an absolute path, or ``s3://bucket/prefix`` without a final slash."""
    return open_storage(uri).uri


def open_storage(uri: str, options: StorageOptions | None = None) -> Storage:
    """Open a folder (``/data``, ``file:///data``) or an S3 prefix (``s3://bucket/prefix``); nothing is contacted yet.

    Raises:
        StorageError: the URI has another scheme, or names no bucket.
    """
    if uri.startswith("s3://"):
        from fruits.storage.s3 import S3Storage  # noqa: PLC0415 - boto3 stays out of local runs

        return S3Storage(uri, options or StorageOptions())
    if is_remote(uri):
        scheme = uri.split("://", 1)[0]
        raise StorageError(f"{uri}: {scheme}:// is not supported; give a folder or an s3:// URI")
    from fruits.storage.local import LocalStorage  # noqa: PLC0415

    return LocalStorage(uri)
