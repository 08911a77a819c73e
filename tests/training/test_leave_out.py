"""What sources are worth, on drawn frames whose sources are made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: make test-training runs this")

from fruits.training.leave_out import costs_of_leaving_out
from fruits.training.pixels import PixelStore
from fruits.training.sources import Example


@pytest.fixture(scope="module")
def examples(samples: Path) -> list[Example]:
    """Apples are in ``shop`` alone, the rest of the training frames in ``studio``; the test frames are ``street``."""
    found = []
    for path in sorted(samples.rglob("*.jpg")):
        species = path.parent.name.split()[0].lower()
        source = "street" if "Test" in path.parts else "shop" if species == "apple" else "studio"
        found.append(Example(path, source, "train", species, species, ""))
    return found


def test_the_only_photos_of_a_species_are_missed(examples: list[Example]) -> None:
    found = costs_of_leaving_out(examples, PixelStore(), "street", ["shop", "absent"])
    assert list(found) == ["nothing", "shop"]
    assert found["nothing"]["top1"] > 0.75
    apples = sum(each.species == "apple" for each in examples if each.source == "street")
    street = sum(each.source == "street" for each in examples)
    assert found["shop"]["top1"] <= 1 - apples / street < found["nothing"]["top1"]


def test_without_the_judge_nothing_is_told(examples: list[Example]) -> None:
    assert costs_of_leaving_out(examples, PixelStore(), "market", ["shop"]) == {}
    assert costs_of_leaving_out([replace(each, species="") for each in examples], PixelStore(), "street") == {}
