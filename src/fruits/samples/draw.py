"""A small data set, drawn here: fruits on white in the layout of Fruits-360, the same bytes at every run.

It is for trying the product where the real images are not at hand. Accuracy on it says nothing: every frame of a label
shows one drawn specimen, turned.
"""

from __future__ import annotations

import contextlib
import json
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fruits.samples.errors import SamplesError
from fruits.samples.render import Floats, render, rotation
from fruits.samples.varieties import VARIETIES

MARK = ".fruits-sample.json"
"""The file that says a folder was drawn here, with what settings, and whether it is whole."""

_VERSION = 1
_SIDE = 100  # pixels, as Fruits-360
_QUALITY = 92
_LABELS = tuple(sorted(VARIETIES))


@dataclass(frozen=True)
class _Frame:
    """One image to draw: frame ``number`` of the ``count`` that show its label."""

    label: str
    number: int
    count: int

    @property
    def path(self) -> PurePosixPath:
        """Like Fruits-360: every fourth frame is for testing, ``r_`` marks those turned about the second axis."""
        split = "Test" if self.number % 4 == 3 else "Training"
        lying = "r_" if self.number % 2 else ""
        return PurePosixPath(split, self.label, f"{lying}{self.number}_{_SIDE}.jpg")

    @property
    def turn(self) -> Floats:
        """Upright frames turn once about the stem; the others lie down and turn once about the vertical."""
        angle = 2 * math.pi * self.number / self.count
        if self.number % 2 == 0:
            return rotation(angle, 0.22, 0.0)
        sway = rotation(angle, 0.0, 0.0)
        turned: Floats = rotation(0.0, 0.15, 0.0) @ sway @ rotation(0.6, 0.0, 1.45)
        return turned


def draw_samples(
    directory: Path,
    images: int = 600,
    seed: int = 0,
    *,
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Draw ``images`` JPEGs of 100 x 100 pixels under ``directory`` and return how many there are.

    They lie in ``Training/<label>/`` and, about every fourth, ``Test/<label>/``, spread evenly over twelve labels. The
    same ``images`` and ``seed`` give the same bytes on the same machine. A folder drawn before is left as it is when
    it has what is asked for, else its drawn images are replaced; whatever else lies in it is not touched.
    ``progress`` is called with images done and images in all.

    Raises :class:`SamplesError` when ``images`` is below 1, when the folder holds something and was not drawn here, or
    when it cannot be written.
    """
    if images < 1:
        raise SamplesError(f"cannot draw {images} images: ask for at least 1")
    settings = {"version": _VERSION, "images": images, "seed": seed}
    frames = list(_plan(images))
    try:
        before = _mark_of(directory)
        if before == {**settings, "complete": True} and all((directory / f.path).is_file() for f in frames):
            return images
        directory.mkdir(parents=True, exist_ok=True)
        _write_mark(directory, {**settings, "complete": False, "before": _counts(before)})
        _remove(directory, max([images, *_counts(before)]))
        _draw(directory, frames, seed, progress)
        _write_mark(directory, {**settings, "complete": True})
    except OSError as error:
        reason = error.strerror or str(error)
        raise SamplesError(f"cannot draw into {directory}: {reason}; choose another folder or make room") from error
    return images


def _plan(images: int) -> Iterator[_Frame]:
    each, more = divmod(images, len(_LABELS))
    for place, label in enumerate(_LABELS):
        count = each + (place < more)
        for number in range(count):
            yield _Frame(label, number, count)


def _draw(directory: Path, frames: list[_Frame], seed: int, progress: Callable[[int, int | None], None] | None) -> None:
    fruit = None
    rng = np.random.default_rng()
    for done, frame in enumerate(frames, start=1):
        if fruit is None or fruit.label != frame.label:
            rng = np.random.default_rng([abs(seed), int(seed < 0), zlib.crc32(frame.label.encode())])
            fruit = VARIETIES[frame.label](frame.label, rng)
        exposure = 1.0 + 0.04 * float(rng.standard_normal())
        path = directory / frame.path
        if frame.number in (0, 3):  # the first of its label in Training and in Test
            path.parent.mkdir(parents=True, exist_ok=True)
        render(fruit.parts, frame.turn, _SIDE, exposure).save(path, "JPEG", quality=_QUALITY, subsampling=0)
        if progress is not None:
            progress(done, len(frames))


# --- the mark --------------------------------------------------------------------------------------------------------


def _mark_of(directory: Path) -> dict[str, object]:
    """What the folder's mark says; empty for a folder that is new or empty."""
    if not directory.exists():
        return {}
    if not directory.is_dir():
        raise SamplesError(f"{directory} is a file: name a folder to draw into")
    mark = directory / MARK
    if mark.is_file():
        try:
            said = json.loads(mark.read_bytes())
        except ValueError:
            said = None
        if isinstance(said, dict) and said.get("version") == _VERSION:
            return said
    if any(directory.iterdir()):
        raise SamplesError(f"{directory} is not empty and was not drawn here: name an empty or a new folder")
    return {}


def _write_mark(directory: Path, said: dict[str, object]) -> None:
    coming = directory / (MARK + ".part")
    coming.write_text(json.dumps(said) + "\n", encoding="utf-8")
    coming.replace(directory / MARK)


def _counts(mark: dict[str, object]) -> list[int]:
    """How many images the drawings had whose files may still lie in the folder."""
    before = mark.get("before")
    counts = [mark.get("images"), *(before if isinstance(before, list) else [])]
    return [count for count in counts if isinstance(count, int)]


def _remove(directory: Path, images: int) -> None:
    """Remove what a drawing of up to ``images`` images leaves; the names depend on nothing else."""
    for frame in _plan(images):
        (directory / frame.path).unlink(missing_ok=True)
    for split in ("Training", "Test"):
        for folder in [*(directory / split / label for label in _LABELS), directory / split]:
            with contextlib.suppress(OSError):  # absent, or something of someone else's is in it
                folder.rmdir()
