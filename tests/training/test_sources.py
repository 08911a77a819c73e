"""Labelled sources are read as their folders say; made photos and views are what they claim."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fruits.training.augment import blank, view
from fruits.training.composites import Composer, cut_out
from fruits.training.errors import TrainingError
from fruits.training.pixels import PixelStore
from fruits.training.sources import READERS, read_collected, read_sources


def picture(path: Path, colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (64, 48)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def table(folder: Path, *rows: tuple[str, str, str, str]) -> None:
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("dataset", "label", "species", "variety"), *rows])


def frame(radius: int = 30) -> np.ndarray:
    """A red disc on white, as a studio frame."""
    rows, columns = np.mgrid[:100, :100]
    pixels = np.full((100, 100, 3), 255, np.uint8)
    pixels[(rows - 50) ** 2 + (columns - 50) ** 2 < radius**2] = (190, 20, 30)
    return pixels


def test_splits_labels_and_varieties(tmp_path: Path) -> None:
    picture(tmp_path / "fruits-360/Training/Pear Abate 1/0.jpg")
    picture(tmp_path / "fruits-360/Test/Pear Abate 1/1.jpg")
    picture(tmp_path / "clothing/shirt.jpg")
    table(tmp_path, ("fruits-360", "Pear Abate 1", "pear", "abate"), ("clothing", "clothing", "", ""))
    found = [(each.source, each.split, each.species, each.variety) for each in read_sources(tmp_path)]
    assert found == [
        ("fruits-360", "train", "pear", "abate"),
        ("fruits-360", "test", "pear", "abate"),
        ("clothing", "train", "", ""),
    ]


def test_boxes_are_fractions_of_the_main_label(tmp_path: Path) -> None:
    folder = tmp_path / "web-produce-a"
    picture(folder / "images/1.jpg", size=(200, 100))
    picture(folder / "images/2.jpg")
    boxes = [(1, 1, [20, 10, 100, 50]), (1, 1, [0, 0, 200, 100]), (1, 2, [1, 1, 2, 2])]
    notes = {
        "categories": [{"id": 1, "name": "Kiwi"}, {"id": 2, "name": "Lime"}],
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 200, "height": 100} for n in (1, 2)],
        "annotations": [{"image_id": i, "category_id": c, "bbox": b} for i, c, b in boxes],
    }
    (folder / "annotations.json").write_text(json.dumps(notes))
    table(tmp_path, ("web-produce-a", "Kiwi", "kiwi", ""), ("web-produce-a", "Lime", "lime", ""))
    [only] = read_sources(tmp_path)
    assert (only.species, only.boxes) == ("kiwi", ((0.1, 0.1, 0.5, 0.5), (0.0, 0.0, 1.0, 1.0)))


def test_mixtures_are_left_out_and_single_kinds_read_by_name(tmp_path: Path) -> None:
    for name in ("raspberries12.jpg", "apple_grape2.jpg", "Bananas(lady_finger)3.jpg"):
        picture(tmp_path / "several-fruits" / name)
    table(tmp_path)
    assert sorted(each.species for each in read_sources(tmp_path)) == ["banana", "raspberry"]


def test_a_source_can_be_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "plates/apple/1.jpg")
    picture(tmp_path / "dates/1.jpg")
    table(tmp_path, ("plates", "apple", "apple", ""), ("dates", "dates", "date", ""))
    assert [each.source for each in read_sources(tmp_path, without=["plates"])] == ["dates"]
    with pytest.raises(TrainingError, match="There is no source platse"):
        read_sources(tmp_path, without=["platse"])


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"labels\.csv cannot be read"):
        read_sources(tmp_path)
    table(tmp_path)
    with pytest.raises(TrainingError, match="holds none of the sources"):
        read_sources(tmp_path)
    picture(tmp_path / "plates/durian/1.jpg")
    with pytest.raises(TrainingError, match="no line for plates, 'durian'"):
        read_sources(tmp_path)
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(TrainingError, match=r"bad\.jpg cannot be trained on"):
        PixelStore().get(tmp_path / "bad.jpg")


def test_collected_photos_are_a_folder_per_species(tmp_path: Path) -> None:
    picture(tmp_path / "quince/commons-1.jpg")
    picture(tmp_path / "loose.jpg")
    [only] = read_collected(tmp_path)
    assert (only.source, only.species) == ("collected", "quince")


def test_every_real_label_is_known(fruits_data: Path) -> None:
    examples = read_sources(fruits_data)
    assert {each.source for each in examples} == set(READERS)
    assert len(examples) > 14_000
    assert all(0 <= value <= 1.001 for each in examples for box in each.boxes for value in box)


def test_large_photos_are_kept_small(tmp_path: Path) -> None:
    path = picture(tmp_path / "large.png", size=(1200, 600))
    assert PixelStore(300).get(path).shape == (150, 300, 3)


def test_a_fruit_is_cut_out_of_its_white_ground() -> None:
    cut = cut_out(frame())
    assert cut is not None
    inside = cut[cut[..., 3] > 250][:, :3]
    assert abs(len(inside) - np.pi * 30**2) < 0.2 * np.pi * 30**2
    assert (inside[:, 1] < 60).all(), "no white within"
    assert cut_out(np.full((100, 100, 3), 255, np.uint8)) is None


def test_white_inside_a_fruit_stays() -> None:
    """A cut coconut is white where it is not the ground."""
    pixels = frame()
    pixels[45:55, 45:55] = 255
    cut = cut_out(pixels)
    assert cut is not None
    middle = cut[cut.shape[0] // 2, cut.shape[1] // 2]
    assert middle[3] > 250


def test_composites_repeat_and_show_the_fruit() -> None:
    ground = [np.full((90, 120, 3), (30, 90, 200), np.uint8)]
    composer = Composer({"apple": [[frame()]], "plum": [[frame(20)]]}, ground, ground)
    first = [composer.compose("apple", random.Random(seed)) for seed in range(12)]
    again = [composer.compose("apple", random.Random(seed)) for seed in range(12)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])
    red = [((each[..., 0] > 1.6 * each[..., 1]) & (each[..., 0] > 1.3 * each[..., 2])).mean() for each in first]
    assert np.median(red) > 0.03


@given(
    st.integers(2, 90),
    st.integers(2, 90),
    st.integers(0, 2**32),
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=2),
)
def test_a_view_is_always_a_square_of_bytes(height: int, width: int, seed: int, boxes: list) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    seen = view(pixels, 32, random.Random(seed), tuple(boxes))
    assert seen.shape == (32, 32, 3)
    assert seen.dtype == np.uint8


@given(st.text(max_size=8))
def test_a_picture_of_nothing_is_a_square_of_bytes(seed: str) -> None:
    assert blank(24, seed).shape == (24, 24, 3)
    assert blank(24, seed).dtype == np.uint8
