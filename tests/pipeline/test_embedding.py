"""What a task holds of the files that it reads ahead."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PIL import Image

from fruits.pipeline.embedding import _AHEAD_BYTES, _FILES_AT_ONCE, EmbeddingJob, _read_ahead
from fruits.storage import Entry, Storage, open_storage


class Counting:
    """A folder that counts what is read of it."""

    def __init__(self, folder: Path) -> None:
        self._storage: Storage = open_storage(str(folder))
        self.read_keys: list[str] = []

    def read(self, key: str, limit: int | None = None) -> bytes:
        self.read_keys.append(key)
        return self._storage.read(key, limit=limit)


def _job(images: Counting) -> EmbeddingJob:
    return EmbeddingJob(images, images, "", 8, readers=2)  # type: ignore[arg-type]


def _entries(folder: Path, count: int, size: int) -> list[Entry]:
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "0.png")
    content = (folder / "0.png").read_bytes()
    for number in range(count):
        (folder / f"{number}.png").write_bytes(content)
    return [Entry(f"{number}.png", size, "1", 0.0) for number in range(count)]


def test_images_come_in_order_with_errors_in_their_place(tmp_path: Path) -> None:
    entries = _entries(tmp_path, 11, 100)
    (tmp_path / "5.png").write_bytes(b"no picture")
    (tmp_path / "6.png").unlink()
    found = list(_read_ahead(entries, _job(Counting(tmp_path))))
    assert [each.entry.key for each in found] == [entry.key for entry in entries]
    refused = {each.entry.key: each.refused.reason for each in found if each.refused}
    assert refused == {"5.png": "not-an-image", "6.png": "vanished"}


def test_large_files_are_not_read_far_ahead(tmp_path: Path) -> None:
    """The listing says that each has 20 MB: beyond the bound no further file is read until one is used."""
    size = 20 * 2**20
    images = Counting(tmp_path)
    coming = _read_ahead(_entries(tmp_path, 40, size), _job(images))
    for used in range(1, 9):
        next(coming)
        time.sleep(0.05)  # the threads read what they may
        assert len(images.read_keys) <= used + _AHEAD_BYTES // size + 2 * _FILES_AT_ONCE
    coming.close()


def test_a_size_that_the_listing_could_not_tell_counts_for_nothing(tmp_path: Path) -> None:
    images = Counting(tmp_path)
    assert len(list(_read_ahead(_entries(tmp_path, 9, -1), _job(images)))) == len(images.read_keys) == 9
