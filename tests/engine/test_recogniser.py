"""The released bundle answers photos: files good and bad, arrays, many at once, threads."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fruits.catalogue import Catalogue
from fruits.engine import EngineError, Recogniser
from fruits.vision.decode import DecodeError


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


@pytest.fixture(scope="module")
def photo(samples: Path) -> Path:
    return sorted(samples.rglob("*.jpg"))[0]


def png(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **options)
    return stream.getvalue()


def test_every_species_is_the_catalogues(recogniser: Recogniser) -> None:
    catalogue = Catalogue.load()
    card = recogniser.card
    assert list(card.species) == sorted(set(card.species))
    assert set(card.species) <= set(catalogue)
    for species, variety in card.varieties:
        assert species in card.species
        assert variety in {each.id for each in catalogue[species].varieties}, (species, variety)


def test_the_probabilities_are_probabilities(recogniser: Recogniser) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, recogniser.card.size, recogniser.card.size, 3), np.uint8)
    names = ["species", "variety", "produce", "sure"]
    species, variety, produce, sure = recogniser._session.run(names, {"pixels": pixels})
    assert np.allclose(species.sum(1), 1, atol=1e-5)
    for index, name in enumerate(recogniser.card.species):
        own = [row for row, (of, _) in enumerate(recogniser.card.varieties) if of == name]
        if own:
            assert np.allclose(variety[:, own].sum(1), species[:, index], atol=1e-4)
    assert ((produce >= 0) & (produce <= 1) & (sure >= 0) & (sure <= 1)).all()


def test_path_bytes_and_pixels_give_the_same_answer(recogniser: Recogniser, photo: Path) -> None:
    from_path = recogniser.identify(photo)
    assert recogniser.identify(str(photo)) == from_path
    assert recogniser.identify(photo.read_bytes()) == from_path
    assert recogniser.identify(np.array(Image.open(photo).convert("RGB"))) == from_path


def test_candidates_fall_and_the_first_is_the_answer(recogniser: Recogniser, photo: Path) -> None:
    answer = recogniser.identify(photo, top=7)
    chances = [each.probability for each in answer.candidates]
    assert len(chances) == 7
    assert chances == sorted(chances, reverse=True)
    assert (answer.species, answer.confidence) == (answer.candidates[0].species, chances[0])
    assert len({each.species for each in answer.candidates}) == 7


def test_upside_down_by_exif_is_upright(recogniser: Recogniser) -> None:
    rows, columns = np.mgrid[0:120, 0:200]
    pixels = np.stack([rows * 2, columns, (rows * columns) % 256], axis=2).astype(np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 3
    upright = recogniser.identify(png(pixels))
    assert recogniser.identify(png(pixels[::-1, ::-1], exif=turned)) == upright
    assert recogniser.identify(png(pixels[::-1, ::-1])) != upright


@pytest.mark.parametrize("shape", [(1, 1), (40, 800), (800, 40), (2000, 1500)])
def test_any_shape_gets_an_answer(recogniser: Recogniser, shape: tuple[int, int]) -> None:
    grey = Image.new("L", shape[::-1], 128)
    stream = io.BytesIO()
    grey.save(stream, "PNG")
    answer = recogniser.identify(stream.getvalue())
    assert not answer.sure
    assert 0 < answer.confidence < 1


def test_nothing_is_not_a_confident_fruit(recogniser: Recogniser) -> None:
    dice, size = np.random.default_rng(5), recogniser.card.size
    walls = [np.full((size, size, 3), dice.integers(0, 256, 3), np.uint8) for _ in range(20)]
    noise = [dice.integers(0, 256, (size, size, 3), np.uint8) for _ in range(20)]
    sure = [answer.sure for answer in recogniser.identify_pixels(np.stack(walls + noise))]
    assert np.mean(sure) < 0.1


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"<html>no</html>" * 9, "not-an-image"), (b"GIF89a" + bytes(9), "corrupt")]
)
def test_bad_bytes_are_refused_as_the_chain_refuses_them(recogniser: Recogniser, content: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        recogniser.identify(content)
    assert refusal.value.reason in {reason, "truncated", "not-an-image"}


@pytest.mark.parametrize("pixels", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))])
def test_an_array_of_another_shape_is_refused(recogniser: Recogniser, pixels: np.ndarray) -> None:
    with pytest.raises(EngineError, match="RGB uint8"):
        recogniser.identify(pixels)


def test_many_keep_their_order_and_bad_ones_do_not_stop_them(
    recogniser: Recogniser, samples: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture at all, only a beginning")
    good = sorted(samples.rglob("*.jpg"))[:12]
    paths = [*good[:5], broken, tmp_path / "absent.jpg", *good[5:]]
    alone = list(recogniser.identify_many(paths))
    together = list(recogniser.identify_many(paths, threads=4))
    assert [each.path for each in together] == list(map(str, paths))
    assert together == alone
    assert [bool(each.error) for each in alone] == [path in {broken, tmp_path / "absent.jpg"} for path in paths]


def test_many_are_streamed(recogniser: Recogniser, photo: Path) -> None:
    """The paths are asked for as answers are taken: a million of them are never held."""
    asked = 0

    def paths():
        nonlocal asked
        while True:
            asked += 1
            yield photo

    answers = recogniser.identify_many(paths(), threads=2)
    for _ in range(3):
        next(answers)
    answers.close()
    assert asked < 12


def test_threads_share_one_recogniser(recogniser: Recogniser, samples: Path) -> None:
    photos = sorted(samples.rglob("*.jpg"))[:8]
    expected = [recogniser.identify(each) for each in photos]
    found: dict[int, list[object]] = {}

    def work(number: int) -> None:
        found[number] = [recogniser.identify(each) for each in photos]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(answers == expected for answers in found.values())
    assert len(found) == 6


def test_a_real_photo_is_recognised(recogniser: Recogniser, fruits_data: Path) -> None:
    """Unseen supermarket photos; the bundle's card says more."""
    photos = sorted((fruits_data / "grocery-store/val/Fruit/Banana").glob("*.jpg"))
    species = [recogniser.identify(each).species for each in photos]
    assert species.count("banana") > len(photos) / 2
