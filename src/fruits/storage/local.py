"""A folder of this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from fruits.storage.base import Entry, MissingError, Storage, StorageError, TooLargeError, printable_key

_TEMPORARY = ".temporary"
_TRIES = 10


class LocalStorage(Storage):
    """A folder; writing goes to a temporary name first and is then renamed."""

    def __init__(self, uri: str) -> None:
        path = unquote(urlsplit(uri).path) if uri.startswith("file://") else uri
        self.uri = str(Path(path).expanduser().absolute())
        self._root = os.fsencode(os.path.normpath(self.uri))
        self.uri = os.fsdecode(self._root)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See :meth:`Storage.list`. The names of one directory at a time are held to be sorted."""
        start = self._path(prefix) if prefix else self._root
        if not os.path.isdir(start):
            if prefix:
                return
            kind = "is a file, not a folder" if os.path.exists(start) else "does not exist"
            raise MissingError(f"{self.uri} {kind}; give a folder")
        folder = os.fsencode(prefix.strip("/") + "/") if prefix else b""
        yield from self._walk(start, folder, ())

    def read(self, key: str, limit: int | None = None) -> bytes:
        """See :meth:`Storage.read`."""
        try:
            with open(self._path(key), "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise StorageError(f"{self._name(key)} is not a regular file")
                if limit is None:
                    return file.read()
                content = file.read(limit + 1)
        except OSError as error:
            self._fail("read", key, error)
        if len(content) > limit:
            raise TooLargeError(f"{self._name(key)} is larger than {limit:,} bytes")
        return content

    def write(self, key: str, content: bytes) -> None:
        """See :meth:`Storage.write`."""
        target = self._path(key)
        for tries_left in reversed(range(_TRIES)):
            temporary = os.path.join(self._root, os.fsencode(_TEMPORARY), uuid.uuid4().hex.encode())
            try:
                _write_and_rename(temporary, target, content)
                return
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                # Another process may have removed the folder just now, because it was empty.
                if not (isinstance(error, FileNotFoundError | FileExistsError) and tries_left):
                    self._fail("write", key, error)

    def delete(self, key: str) -> None:
        """See :meth:`Storage.delete`. A folder left empty goes too."""
        path = self._path(key)
        try:
            os.unlink(path)
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail("delete", key, error)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))

    def sweep(self) -> None:
        """See :meth:`Storage.sweep`."""
        folder = os.path.join(self._root, os.fsencode(_TEMPORARY))
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)

    def _walk(self, folder: bytes, prefix: bytes, above: tuple[tuple[int, int], ...]) -> Iterator[Entry]:
        try:
            status = os.stat(folder)
            here = (status.st_dev, status.st_ino)
            if here in above:  # a symbolic link back to one of its own parents
                return
            with os.scandir(folder) as scan:
                # A directory sorts as "name/": the order of whole keys, the one S3 lists in.
                names = sorted(e.name + b"/" if _is_folder(e) else e.name for e in scan if not e.name.startswith(b"."))
        except FileNotFoundError as error:
            if above:  # removed since its parent was listed
                return
            self._fail("list", os.fsdecode(prefix), error)
        except OSError as error:
            self._fail("list", os.fsdecode(prefix), error)
        for name in names:
            path = folder + b"/" + name
            if name.endswith(b"/"):
                yield from self._walk(path[:-1], prefix + name, (*above, here))
            else:
                yield _entry(path, prefix + name)

    def _path(self, key: str) -> bytes:
        parts = key.split("/")
        if ".." in parts or key.startswith("/"):
            raise StorageError(f"{printable_key(key)} leaves {self.uri}")
        return os.path.join(self._root, os.fsencode(key))

    def _name(self, key: str) -> str:
        return printable_key(f"{self.uri}/{key}")

    def _fail(self, verb: str, key: str, error: OSError) -> NoReturn:
        if isinstance(error, FileNotFoundError):
            raise MissingError(f"{self._name(key)} does not exist") from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"cannot {verb} {self._name(key)}: the disk is full; free some space") from error
        raise StorageError(f"cannot {verb} {self._name(key)}: {error.strerror or error}") from error


def _open_at_once(path: str | bytes, flags: int) -> int:
    """Open without waiting: a named pipe called photo.jpg must not hang the run."""
    return os.open(path, flags | os.O_NONBLOCK)


def _write_and_rename(temporary: bytes, target: bytes, content: bytes) -> None:
    for path in (temporary, target):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(temporary, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that may not be entered: reading it will say so
        return False


def _entry(path: bytes, key: bytes) -> Entry:
    try:
        status = os.stat(path)
    except OSError:  # gone already, or a dangling link: reading it will say so
        return Entry(os.fsdecode(key), -1, "", 0.0)
    return Entry(os.fsdecode(key), status.st_size, str(status.st_mtime_ns), status.st_mtime_ns / 1e9)
