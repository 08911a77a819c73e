"""The real Fruits-360, 100 x 100 pixels, from its public home, at a pinned revision.

Fruits-360 (Mihai Oltean, Horea Muresan): one fruit on white, a folder per class under ``Training`` and ``Test``. The
revision below is version 2024.08.04.0, the last under the MIT licence; its README counts 70,491 training and 23,619
test images of 141 classes. Later versions are CC BY-SA 4.0.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fruits.samples.errors import SamplesError
from fruits.samples.transfer import TransferError, fetch_archive, fetch_git, no_room

URL = "https://github.com/fruits-360/fruits-360-100x100"
REVISION = "2f981c83e352a9d4c15fb8c886034c817052c80b"
MARK = ".fruits-360.json"
"""The file that says which revision a folder holds; written before the folder gets its name."""

SPLITS = ("Training", "Test")
# The pack or the archive and the files beside it, for a moment at once.
_ROOM = 2_000_000_000
# Git and gzip verify the bytes; the count only guards against a wrong or emptied source. A README may be a little off.
_ENOUGH = 0.99

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Counts:
    """Images per split and labels (folders seen in either split)."""

    training: int
    test: int
    labels: int


EXPECTED = Counts(training=70_491, test=23_619, labels=141)
"""What the README of :data:`REVISION` says."""


def fetch_fruits_360(
    directory: Path,
    *,
    progress: Progress | None = None,
    url: str = URL,
    revision: str = REVISION,
    expected: Counts | None = None,
) -> Counts:
    """Download Fruits-360 into ``directory`` (``Training/<label>/*.jpg``, ``Test/...``) and count it.

    With git it is a shallow fetch of one commit, without (or where that fails) the same commit's archive over HTTP,
    which is continued where an earlier try broke off. Everything arrives in a hidden folder beside ``directory`` and
    is renamed at the end, so a folder of that name is whole or absent. Fetching again costs nothing.
    ``progress`` is called with what is done and how much there is (None: unknown) of the step under way: objects or
    files with git, bytes with the archive. ``expected`` is what must have arrived (within 1 %); by default
    :data:`EXPECTED` for the pinned revision, else anything at all.

    Raises :class:`SamplesError`: no network, no such revision, no room, a folder that holds something else, or too few
    images.
    """
    if expected is None:
        expected = EXPECTED if revision == REVISION else Counts(1, 1, 1)
    directory = directory.absolute()
    try:
        there = _already(directory, revision)
        if there is not None:
            return there
        staging = directory.with_name(f".{directory.name}.fetching-{revision[:12]}")
        staging.mkdir(parents=True, exist_ok=True)
        new = not any(staging.iterdir())
        if new and revision == REVISION and shutil.disk_usage(staging).free < _ROOM:
            staging.rmdir()
            raise SamplesError(
                f"{directory.parent} has less than {_ROOM / 1e9:.0f} GB free: make room or choose another disk"
            )
        images = _transfer(staging, url, revision, progress)
        counts = count_images(images)
        if short := _short(counts, expected):
            shutil.rmtree(staging)
            raise SamplesError(f"revision {revision} of {url} is not what was expected: it has {short}")
        (images / MARK).write_text(json.dumps({"url": url, "revision": revision, **asdict(counts)}) + "\n")
        images.replace(directory)  # over an empty folder of that name, too
        shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        if no_room(error):
            raise SamplesError(f"the disk of {directory} is full: make room and run the same again") from error
        raise SamplesError(f"cannot fetch into {directory}: {error.strerror or error}") from error
    return counts


def count_images(directory: Path) -> Counts:
    """Count the JPEG files under ``Training/*/`` and ``Test/*/``."""
    labels: set[str] = set()
    found = []
    for split in SPLITS:
        images = 0
        root = directory / split
        for folder in root.iterdir() if root.is_dir() else ():
            here = sum(1 for file in folder.iterdir() if file.suffix == ".jpg") if folder.is_dir() else 0
            images += here
            if here:
                labels.add(folder.name)
        found.append(images)
    return Counts(found[0], found[1], len(labels))


def _already(directory: Path, revision: str) -> Counts | None:
    """The counts of what an earlier call left; None when there is nothing yet."""
    if not directory.exists():
        return None
    if not directory.is_dir():
        raise SamplesError(f"{directory} is a file: name a folder to fetch into")
    if not any(directory.iterdir()):
        return None
    try:
        said = json.loads((directory / MARK).read_bytes())
        found = Counts(said["training"], said["test"], said["labels"])
        known = said["revision"]
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if known is None:
        raise SamplesError(f"{directory} is not empty and was not fetched here: name an empty or a new folder")
    if known != revision:
        raise SamplesError(f"{directory} holds revision {known}, not {revision}: name another folder")
    if count_images(directory) != found:
        raise SamplesError(f"images were added to or removed from {directory} since it was fetched: remove it")
    return found


def _transfer(staging: Path, url: str, revision: str, progress: Progress | None) -> Path:
    """Bring the files into the staging folder, by git or else by archive; the folder that holds the splits."""
    tell = progress or _silent
    tried = []
    if shutil.which("git"):
        try:
            return fetch_git(staging, url, revision, tell)
        except TransferError as error:
            tried.append(f"git: {error}")
    else:
        tried.append("git is not installed")
    try:
        return fetch_archive(staging, f"{url}/archive/{revision}.tar.gz", SPLITS, tell)
    except TransferError as error:
        tried.append(f"archive: {error}")
    raise SamplesError(
        f"cannot download {url} ({'; '.join(tried)}): check the network or the proxy and run the same again"
    )


def _short(counts: Counts, expected: Counts) -> str:
    """What is missing, in words; empty when nothing is."""
    wanted, got = asdict(expected), asdict(counts)
    few = [name for name in got if got[name] < _ENOUGH * wanted[name]]
    return ", ".join(f"{got[name]:,} of {wanted[name]:,} {name}" for name in few)


def _silent(done: int, total: int | None) -> None:
    """Report nothing."""
