"""What is a disk's own: names of any bytes, links, pipes, directories that come and go, full disks."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits.storage import MissingError, StorageError, open_storage
from fruits.storage.base import decode_key, encode_key, printable_key

# Bytes that sort on either side of "/" and ".", quotes, a newline, an accent, half of one, an emoji, no UTF-8 at all.
PIECES = [b"a", b"b", b".", b"-", b"0", b" ", b"'", b'"', b"\n", b"!", "é".encode(), b"\xc3", b"\xff", "😀".encode()]
NAME = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join).filter(lambda n: n[:1] != b".")
TREE = st.sets(st.lists(NAME, min_size=1, max_size=3).map(b"/".join), max_size=15)


def put(root: Path, key: bytes, content: bytes = b"x") -> None:
    path = os.path.join(os.fsencode(root), key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(os.fsdecode(path)).write_bytes(content)


def keys(root: Path) -> list[bytes]:
    return [entry.order for entry in open_storage(str(root)).list()]


@settings(max_examples=150, deadline=None)
@given(TREE)
def test_lists_any_names_in_order_of_whole_keys(wanted: set[bytes]) -> None:
    files = {key for key in wanted if not any(other.startswith(key + b"/") for other in wanted)}
    with tempfile.TemporaryDirectory() as folder:
        for key in files:
            put(Path(folder), key, key)
        storage = open_storage(folder)
        entries = list(storage.list())
        assert [entry.order for entry in entries] == sorted(files)
        assert all(storage.read(entry.key) == entry.order for entry in entries)


@given(st.binary(max_size=12))
def test_keys_keep_every_byte_and_can_be_printed(key: bytes) -> None:
    assert encode_key(decode_key(key)) == key
    printable_key(decode_key(key)).encode()


def test_writes_names_of_any_bytes(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    key = decode_key(b"a\xff/\n'\" \xc3.jpg")
    storage.write(key, b"x")
    assert keys(tmp_path) == [b"a\xff/\n'\" \xc3.jpg"]
    storage.delete(key)
    assert keys(tmp_path) == []


def test_walks_only_as_far_as_asked(tmp_path: Path) -> None:
    for number in range(50):
        put(tmp_path, f"{number:02d}/a".encode())
    listing = open_storage(str(tmp_path)).list()
    assert next(listing).key == "00/a"
    shutil.rmtree(tmp_path / "49")
    (tmp_path / "49").mkdir()
    put(tmp_path, b"49/new")
    assert [entry.key for entry in listing][-1] == "49/new"


# --- what stands in folders besides files ----------------------------------------------------------------------------


def test_follows_links_but_not_in_circles(tmp_path: Path) -> None:
    put(tmp_path, b"a/b/1.jpg")
    put(tmp_path.parent, b"elsewhere/2.jpg")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "there").symlink_to(tmp_path.parent / "elsewhere")
    (tmp_path / "file.jpg").symlink_to("a/b/1.jpg")
    found = keys(tmp_path)
    assert [key for key in found if not key.startswith(b"here/")] == [b"a/b/1.jpg", b"file.jpg", b"there/2.jpg"]
    assert len(found) < 20


def test_a_link_to_itself_is_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    put(tmp_path, b"z.jpg")
    storage = open_storage(str(tmp_path))
    assert [(entry.key, entry.size) for entry in storage.list()] == [("loop.jpg", -1), ("z.jpg", 1)]
    with pytest.raises(StorageError, match="loop.jpg: Too many levels"):
        storage.read("loop.jpg")


def test_a_dangling_link_is_listed_and_missing(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    storage = open_storage(str(tmp_path))
    assert [(entry.key, entry.size) for entry in storage.list()] == [("gone.jpg", -1)]
    with pytest.raises(MissingError):
        storage.read("gone.jpg")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_not_a_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "photo.jpg"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    started = time.monotonic()
    with pytest.raises(StorageError, match="photo.jpg"):
        open_storage(str(tmp_path)).read("photo.jpg", limit=100)
    assert time.monotonic() - started < 5


def test_refusing_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    storage = open_storage(str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    for name in ("folder.jpg", "pipe.jpg", "none.jpg") * 5:
        with pytest.raises(StorageError):
            storage.read(name)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_folder_that_vanishes_while_listed_is_passed_over(tmp_path: Path) -> None:
    for name in (b"a/1", b"b/1", b"c/1"):
        put(tmp_path, name)
    listing = open_storage(str(tmp_path)).list()
    assert next(listing).key == "a/1"
    shutil.rmtree(tmp_path / "b")
    assert [entry.key for entry in listing] == ["c/1"]


def test_a_folder_that_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        put(Path(folder), b"a/1.jpg")
        put(Path(folder), b"b/1.jpg")
        put(Path(folder), b"b.jpg")
        (Path(folder) / "b").chmod(0)
        (Path(folder) / "b.jpg").chmod(0)
        with unprivileged():
            storage = open_storage(folder)
            listing = storage.list()
            assert [next(listing).key, next(listing).key] == ["a/1.jpg", "b.jpg"]
            with pytest.raises(StorageError, match=f"cannot list {folder}/b/?: Permission denied"):
                next(listing)
            with pytest.raises(StorageError, match=r"cannot read .*b\.jpg: Permission denied"):
                storage.read("b.jpg")
            with pytest.raises(StorageError, match=r"cannot write .*c\.jpg: Permission denied"):
                storage.write("c.jpg", b"x")


class unprivileged:
    """Nobody's rights for a while; root reads everything."""

    def __enter__(self) -> None:
        self._root = os.geteuid() == 0
        if self._root:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        if self._root:
            os.seteuid(0)


# --- no folder -------------------------------------------------------------------------------------------------------


def test_no_folder_and_a_file_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="none does not exist; give a folder"):
        next(open_storage(str(tmp_path / "none")).list())
    put(tmp_path, b"file")
    with pytest.raises(MissingError, match="file is a file, not a folder"):
        next(open_storage(str(tmp_path / "file")).list())
    with pytest.raises(StorageError, match="file/k"):
        open_storage(str(tmp_path / "file")).write("k", b"x")


def test_an_empty_folder_has_no_entries(tmp_path: Path) -> None:
    assert list(open_storage(str(tmp_path)).list()) == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", ".."])
def test_nothing_outside_the_root_is_touched(tmp_path: Path, key: str) -> None:
    put(tmp_path, b"x", b"outside")
    storage = open_storage(str(tmp_path / "root"))
    for act in (storage.read, storage.delete, lambda k: storage.write(k, b"")):
        with pytest.raises(StorageError, match="leaves"):
            act(key)
    assert (tmp_path / "x").read_bytes() == b"outside"


# --- writing ---------------------------------------------------------------------------------------------------------


def left(root: Path) -> list[str]:
    """Every file below, hidden ones too."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_failed_write_leaves_the_old_content_and_no_temporary(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.write("a", b"old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_bytes(b"")
    for key in ("folder", "a/b"):  # a folder in the way, a file in the way
        with pytest.raises(StorageError, match="cannot write"):
            storage.write(key, b"new")
    assert left(tmp_path) == ["a", "folder/x"]
    assert storage.read("a") == b"old"


def test_writers_and_deleters_of_one_folder_do_not_trip(tmp_path: Path) -> None:
    """Deleting the last file removes its folder, which another writer may be about to use."""
    storage = open_storage(str(tmp_path))
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for _ in range(200):
                storage.write(f"f/{name}", b"x")
                storage.delete(f"f/{name}")
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_sweeps_what_killed_writers_left(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.write("a", b"x")
    put(tmp_path, b".temporary/0123", b"half")
    storage.sweep()
    assert left(tmp_path) == ["a"]
    storage.sweep()
    storage.write("b", b"x")
    assert left(tmp_path) == ["a", "b"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk of 1 MiB can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk(tiny_disk: Path) -> None:
    storage = open_storage(str(tiny_disk))
    storage.write("old", b"old")
    for key in ("new", "old"):
        with pytest.raises(StorageError, match=f"cannot write .*{key}: the disk is full; free some space"):
            storage.write(key, bytes(2 * 2**20))
    assert storage.read("old") == b"old"
    assert left(tiny_disk) == ["old"]
    storage.write("small", bytes(2**19))
