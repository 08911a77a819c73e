"""What every kind of storage offers, and how it fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from fruits.errors import FruitsError


class StorageError(FruitsError):
    """Something could not be listed, read, written or deleted."""


class MissingError(StorageError):
    """The thing asked for does not exist (any more)."""


class TooLargeError(StorageError):
    """The thing asked for is larger than the caller accepts."""


@dataclass(frozen=True, slots=True)
class StorageOptions:
    """How to reach remote storage; credentials are never among them (the client finds its own).

    Attributes:
        region: AWS region of the bucket, or None for the client's own choice.
        endpoint: address of a server that speaks S3, or None for AWS.
    """

    region: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or object.

    Attributes:
        key: path below the storage's root, ``/`` between its parts. Bytes of a file name that are not UTF-8
            stand as surrogate escapes (PEP 383).
        size: bytes; -1 where the listing could not tell.
        version: changes whenever the content may have changed: modification time in nanoseconds, or an ETag.
        modified: seconds since 1970, UTC; 0 where the listing could not tell.
    """

    key: str
    size: int
    version: str
    modified: float

    @property
    def order(self) -> bytes:
        """The key as bytes: what listings are sorted by, on a disk as on S3."""
        return encode_key(self.key)


def encode_key(key: str) -> bytes:
    """Return a key as the bytes the file system or S3 knows it by."""
    return key.encode("utf-8", "surrogateescape")


def decode_key(key: bytes) -> str:
    """Inverse of :func:`encode_key`."""
    return key.decode("utf-8", "surrogateescape")


def printable_key(key: str) -> str:
    r"""Return a key as valid Unicode: bytes that are not UTF-8 become ``\xNN``."""
    return encode_key(key).decode("utf-8", "backslashreplace")


class Storage(ABC):
    """A root below which keys are listed, read and written. Instances can be pickled and used by many threads."""

    uri: str

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield what lies below ``prefix`` (a folder), lazily, in ascending order of the keys' bytes.

        Names that begin with a dot are left out.

        Raises:
            MissingError: the root itself does not exist.
            StorageError: it cannot be listed.
        """

    @abstractmethod
    def read(self, key: str, limit: int | None = None) -> bytes:
        """Return the content of ``key``.

        Raises:
            MissingError: there is no such key.
            TooLargeError: it is larger than ``limit`` bytes.
            StorageError: it cannot be read.
        """

    @abstractmethod
    def write(self, key: str, content: bytes) -> None:
        """Write ``key`` whole or not at all; readers never see a part of it.

        Raises:
            StorageError: it cannot be written (full disk, no permission, no bucket).
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete ``key``; a key that does not exist is no error."""

    def exists(self, key: str) -> bool:
        """Whether ``key`` can be read."""
        try:
            self.read(key)
        except MissingError:
            return False
        return True

    def sweep(self) -> None:
        """Remove what writers that were killed left half done; there is nothing where a write is one request."""
        return

    def delete_below(self, prefix: str) -> int:
        """Delete every key below the folder ``prefix`` and return how many there were."""
        count = 0
        for entry in list(self.list(prefix)):
            self.delete(entry.key)
            count += 1
        return count
