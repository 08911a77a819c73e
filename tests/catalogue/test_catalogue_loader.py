"""Loading: fast, typed, frozen, and clear when the files are damaged."""

import dataclasses
import shutil
import time
from pathlib import Path

import pytest

import fruits.catalogue
from fruits.catalogue import Catalogue, CatalogueError, gaps

DATA = Path(fruits.catalogue.__file__).with_name("data")


@pytest.mark.timed
def test_loading_takes_under_50_ms():
    def once():
        start = time.perf_counter()
        Catalogue.load()
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.050


def test_species_are_frozen(catalogue):
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue["pear"].latin = "Pyrus"


def test_an_absent_species_has_no_nutrition_and_says_so(catalogue):
    salak = catalogue["salak"]
    assert salak.nutrition is None
    assert "Neither table" in salak.nutrition_absent.en
    assert "nutrition" in gaps(salak)


def test_gaps_name_single_nutrients(catalogue):
    assert "nutrition.sugars" in gaps(catalogue["durian"])
    assert "nutrition.carbohydrate" in gaps(catalogue["physalis"])
    assert gaps(catalogue["pear"]) == ()


def test_ethylene_keeps_apart(catalogue):
    apple = catalogue.keep_apart(catalogue["apple"])
    assert {"kiwi", "banana", "persimmon", "potato", "cauliflower"} <= set(apple)
    assert not {"apple", "onion", "garlic"} & set(apple)
    assert "apple" in catalogue.keep_apart(catalogue["kiwi"])
    assert "potato" not in catalogue.keep_apart(catalogue["kiwi"]), "a kiwi gives off little"
    assert catalogue.keep_apart(catalogue["salak"]) == ()


def test_a_figure_is_the_one_of_its_table(catalogue):
    vitamin_c = catalogue["strawberry"].nutrition.amounts["vitamin_c"]
    assert (vitamin_c.value, vitamin_c.unit, vitamin_c.source, vitamin_c.food_id) == (67.4, "mg", "ciqual", "13014")


def test_bounds_are_kept(catalogue):
    bounded = catalogue["hazelnut"].nutrition
    assert bounded.amounts["vitamin_c"].bound == "below"
    assert bounded.amounts["vitamin_c"].value == 0.5
    assert bounded.exact("vitamin_c") == 0.0
    assert bounded.exact("nothing") is None


@pytest.mark.parametrize(
    ("name", "content"), [("species.json", b"{"), ("origin.json", b"{}"), ("sources.json", b'{"a": {"x": 1}}')]
)
def test_damaged_files_are_a_sentence(tmp_path, name, content):
    folder = shutil.copytree(DATA, tmp_path / "data")
    (folder / name).write_bytes(content)
    with pytest.raises(CatalogueError, match="damaged"):
        Catalogue.load(folder)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(CatalogueError, match="install fruits again"):
        Catalogue.load(tmp_path)
