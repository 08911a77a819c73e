"""Labels, splits, the choice of images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fruits.pipeline.listing import Spool, label_and_split, list_images, spread
from fruits.storage import Entry, open_storage


def entry(key: str) -> Entry:
    return Entry(key, 1, "1", 0.0)


@pytest.mark.parametrize(
    ("root", "key", "expected"),
    [
        ("/data/fruits", "Training/Apple Red 1/r0_1.jpg", ("Apple Red 1", "Training")),
        ("/data/fruits", "test/Pear/1.jpg", ("Pear", "Test")),
        ("/data/fruits", "Pear/1.jpg", ("Pear", "")),
        ("/data/Training", "Pear/1.jpg", ("Pear", "Training")),
        ("/data/Pear", "1.jpg", ("Pear", "")),
        ("s3://bucket/fruits", "Test/Pêche/1.jpg", ("Pêche", "Test")),
        ("s3://bucket", "x.jpg", ("bucket", "")),
        ("/d", "Training/a\udcff/x.jpg", ("a\\xff", "Training")),
    ],
)
def test_label_is_the_parent_and_split_is_in_the_path(root: str, key: str, expected: tuple[str, str]) -> None:
    assert label_and_split(root, key) == expected


def test_lists_images_alone_and_filters_labels(tmp_path: Path) -> None:
    for name in ("Apple 1/a.JPG", "Apple 2/b.png", "Pear/c.webp", "Pear/notes.txt", "Pear/.hidden.jpg", "Pear/noext"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    images = open_storage(str(tmp_path))
    assert [e.key for e in list_images(images)] == ["Apple 1/a.JPG", "Apple 2/b.png", "Pear/c.webp"]
    assert [e.key for e in list_images(images, ["Apple*"])] == ["Apple 1/a.JPG", "Apple 2/b.png"]
    assert [e.key for e in list_images(images, ["Pear", "*2"])] == ["Apple 2/b.png", "Pear/c.webp"]


def test_listing_is_lazy(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"x")
    listing = list_images(open_storage(str(tmp_path)))
    assert next(listing).key == "a/1.jpg"
    (tmp_path / "b" / "0.jpg").write_bytes(b"x")  # not walked yet, so still to be seen
    assert next(listing).key == "b/0.jpg"


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1),
    st.integers(1, 120),
)
def test_spread_takes_as_many_as_asked_and_evenly(sizes: dict[str, tuple[int, int]], limit: int) -> None:
    keys = sorted(
        [f"Test/{name}/{i:02d}.jpg" for name, (tests, _) in sizes.items() for i in range(tests)]
        + [f"Training/{name}/{i:02d}.jpg" for name, (_, trainings) in sizes.items() for i in range(trainings)]
    )
    chosen = [e.key for e in spread(map(entry, keys), limit, "/d")]
    assert len(chosen) == min(limit, len(keys))
    assert chosen == sorted(set(chosen))
    taken = Counter(key.split("/")[1] for key in chosen)
    held = {name: tests + trainings for name, (tests, trainings) in sizes.items()}
    short = [taken[name] for name in held if taken[name] < held[name]]
    if short:  # a label that could give more has no fewer than any other, but for the remainder
        assert max(taken.values()) - min(short) <= 1
    for name, (tests, _) in sizes.items():
        if tests and taken[name] >= 2:
            assert any(key.startswith(f"Test/{name}/") for key in chosen)


@given(st.lists(st.tuples(st.text(min_size=1).filter(lambda t: "\ud800" not in t), st.integers(-1, 9)), max_size=40))
def test_spool_gives_back_what_it_got(rows: list[tuple[str, int]]) -> None:
    spool = Spool()
    expected = [(Entry(key.encode("utf-8", "replace").decode(), size, "v", 1.5), "s") for key, size in rows]
    for row in expected:
        spool.append(row)
    spool.close()
    assert list(spool) == expected
    assert list(spool) == expected
