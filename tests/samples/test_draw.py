"""draw_samples(): a small data set in the layout of Fruits-360, the same bytes every time, never over other files."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fruits.errors import FruitsError
from fruits.samples.draw import MARK, draw_samples
from fruits.samples.errors import SamplesError
from fruits.samples.varieties import VARIETIES

LABELS = sorted(VARIETIES)


def images_in(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.jpg"))


def digest(directory: Path) -> str:
    total = hashlib.sha256()
    for path in images_in(directory):
        total.update(path.relative_to(directory).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("drawn") / "samples"
    assert draw_samples(directory, images=100) == 100
    return directory


def test_layout_of_fruits_360(drawn: Path) -> None:
    images = images_in(drawn)
    assert len(images) == 100
    labels = Counter(path.parent.name for path in images)
    assert set(labels) == set(VARIETIES) and max(labels.values()) - min(labels.values()) <= 1
    splits = Counter(path.parent.parent.name for path in images)
    assert set(splits) == {"Training", "Test"} and 0.2 <= splits["Test"] / 100 <= 0.3
    assert len({path.parent.name for path in images if path.parent.parent.name == "Test"}) == len(VARIETIES)
    assert {entry.name for entry in drawn.iterdir()} == {"Training", "Test", MARK}
    for path in images:
        with Image.open(path) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (100, 100), "RGB")


def test_a_fruit_fills_the_frame_on_a_white_ground(drawn: Path) -> None:
    for path in images_in(drawn):
        pixels = np.asarray(Image.open(path)).astype(int)
        corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners > 247).sum() >= 9, path  # a banana on its diagonal may reach a corner
        fruit = (pixels < 235).any(axis=2)
        assert 0.2 < fruit.mean() < 0.9, path
        assert max(np.ptp(axis) for axis in np.nonzero(fruit)) > 92, path
        assert np.ptp(pixels[fruit].sum(axis=1)) > 150, path  # lit from one side, not a flat shape


def test_labels_look_different_and_frames_of_one_label_alike_but_not_equal(drawn: Path) -> None:
    colours = {}
    for label in VARIETIES:
        frames = [np.asarray(Image.open(path)).astype(float) for path in sorted(drawn.rglob(f"{label}/*.jpg"))]
        assert min(np.abs(a - b).mean() for i, a in enumerate(frames) for b in frames[:i]) > 0.5, label
        colours[label] = np.mean([frame[(frame < 235).any(axis=2)].mean(axis=0) for frame in frames], axis=0)
    assert colours["Lemon 1"][2] < 90 < colours["Lemon 1"][0]
    assert np.argmax(colours["Apple Granny Smith 1"]) == 1 and np.argmax(colours["Tomato 1"]) == 0
    pairs = [np.abs(colours[a] - colours[b]).max() for a in colours for b in colours if a < b]
    assert np.median(pairs) > 40


def test_the_same_bytes_again(drawn: Path, tmp_path: Path) -> None:
    draw_samples(tmp_path, images=100)
    assert digest(tmp_path) == digest(drawn)


def test_another_seed_draws_other_fruit_under_the_same_names(tmp_path: Path) -> None:
    for seed in (1, -1, 2):
        draw_samples(tmp_path / str(seed), images=3, seed=seed)
    names = {tuple(p.relative_to(tmp_path / s) for p in images_in(tmp_path / s)) for s in ("1", "-1", "2")}
    assert len(names) == 1
    assert len({digest(tmp_path / seed) for seed in ("1", "-1", "2")}) == 3


@pytest.mark.parametrize("images", [1, 5, 13])
def test_few_images(images: int, tmp_path: Path) -> None:
    assert draw_samples(tmp_path / "new" / "deep", images=images) == images
    assert len(images_in(tmp_path)) == images


def test_progress(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    draw_samples(tmp_path, images=5, progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(1, 6)]


def test_drawing_again_leaves_what_is_whole_and_mends_what_is_not(tmp_path: Path) -> None:
    draw_samples(tmp_path, images=3)
    before = {path: path.stat().st_mtime_ns for path in images_in(tmp_path)}
    draw_samples(tmp_path, images=3)
    assert {path: path.stat().st_mtime_ns for path in images_in(tmp_path)} == before
    whole = digest(tmp_path)
    next(iter(before)).unlink()
    draw_samples(tmp_path, images=3)
    assert digest(tmp_path) == whole


def test_drawing_fewer_removes_what_was_drawn_and_nothing_else(tmp_path: Path) -> None:
    draw_samples(tmp_path, images=24)
    mine = tmp_path / "Training" / "Banana 1" / "mine.jpg"
    mine.write_bytes(b"a photo of my own")
    draw_samples(tmp_path, images=5)
    assert mine.read_bytes() == b"a photo of my own"
    assert len(images_in(tmp_path)) == 6
    assert sorted(entry.name for entry in (tmp_path / "Training").iterdir()) == LABELS[:5]


def test_a_drawing_that_broke_off_is_drawn_anew(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def stop(done: int, _total: int | None) -> None:
        if done == 10:
            raise Killed

    draw_samples(tmp_path, images=3)
    with pytest.raises(Killed):
        draw_samples(tmp_path, images=24, progress=stop)
    assert len(images_in(tmp_path)) == 10
    draw_samples(tmp_path, images=4)
    assert len(images_in(tmp_path)) == 4


def test_refusals(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(SamplesError, match="not empty and was not drawn here"):
        draw_samples(tmp_path / "full", images=3)
    (tmp_path / "full" / MARK).write_text("{broken")
    with pytest.raises(SamplesError, match="not empty"):
        draw_samples(tmp_path / "full", images=3)
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    with pytest.raises(SamplesError, match="is a file"):
        draw_samples(tmp_path / "full" / "letter.txt", images=3)
    with pytest.raises(SamplesError, match="cannot draw into"):
        draw_samples(tmp_path / "full" / "letter.txt" / "below", images=3)
    with pytest.raises(SamplesError, match="at least 1"):
        draw_samples(tmp_path / "none", images=0)
    assert not (tmp_path / "none").exists() and issubclass(SamplesError, FruitsError)


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(SamplesError, match="No space left on device"):
        draw_samples(tmp_path, images=3)
