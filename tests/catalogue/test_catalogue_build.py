"""The build script: the traps of the tables, and the same bytes from the real ones."""

import csv
import json

import pytest

from fruits.catalogue import Catalogue

CIQUAL_HEADER = "alim_code;alim_nom_eng;alim_nom_eng"


@pytest.fixture
def tables(scripts):
    import catalogue_tables

    return catalogue_tables


@pytest.fixture
def build(scripts):
    import build_catalogue

    return build_catalogue


@pytest.mark.parametrize(
    ("text", "value", "bound"),
    [
        ("12,3", 12.3, "exact"),
        ("12.3", 12.3, "exact"),
        ("0", 0.0, "exact"),
        ("< 0,5", 0.5, "below"),
        ("< 0.05", 0.05, "below"),
        ("traces", 0.0, "traces"),
        (" 7 ", 7.0, "exact"),
    ],
)
def test_numbers_as_the_tables_write_them(tables, text, value, bound):
    assert tables.read_number(text) == tables.Reading(value, bound)


@pytest.mark.parametrize("text", ["", "-", " - "])
def test_no_value_is_none_not_zero(tables, text):
    assert tables.read_number(text) is None


def test_retinol_equivalents(tables):
    reading = tables.Reading
    assert tables.retinol_equivalents(reading(10.0), reading(600.0)) == reading(110.0)
    everything = tables.retinol_equivalents(reading(0.0), reading(60.0), reading(24.0), reading(36.0))
    assert everything == reading(15.0)
    assert tables.retinol_equivalents(reading(0.0), reading(50.0, "below")) == reading(8.3, "below")
    assert tables.retinol_equivalents(reading(2.0, "below"), reading(834.0)) == reading(139.0)
    assert tables.retinol_equivalents(reading(0.0), None) is None


def test_available_carbohydrate_needs_fibre(tables):
    reading = tables.Reading
    assert tables.available_carbohydrate(reading(15.23), reading(3.1)) == reading(12.13)
    assert tables.available_carbohydrate(reading(15.23), None) is None
    assert tables.available_carbohydrate(reading(1.0), reading(1.2)) == reading(0.0)


def test_ciqual_with_cr_line_ends_latin_1_and_semicolons(tables, tmp_path):
    columns = [*tables.CIQUAL_COLUMNS.values(), "Retinol (µg/100g)", "Beta-carotene (µg/100g)"]
    header = ";".join(["alim_code", "alim_nom_eng", "alim_nom_eng", *columns])
    row = ";".join(["13037", "Pear. raw", "Pear. raw", *["1,5"] * len(tables.CIQUAL_COLUMNS), "< 2", "60"])
    path = tmp_path / "ciqual.csv"
    path.write_bytes("\r".join([header, row, ""]).encode("latin-1"))
    pear = tables.read_ciqual(path)["13037"]
    assert pear.description == "Pear. raw"
    assert pear.readings["fibre"] == tables.Reading(1.5)
    assert pear.readings["vitamin_a"] == tables.Reading(10.0)


def test_another_table_is_refused_with_a_sentence(tables, build, tmp_path, capsys):
    path = tmp_path / "ciqual.csv"
    path.write_text("a;b\r1;2\r", encoding="latin-1")
    with pytest.raises(tables.TableError, match="not the release"):
        tables.read_ciqual(path)
    with pytest.raises(tables.TableError, match="cannot be read"):
        tables.read_usda(tmp_path / "absent.csv")


def test_no_folder_is_a_sentence(build, monkeypatch, capsys):
    monkeypatch.delenv("FRUITS_DATA", raising=False)
    with pytest.raises(SystemExit) as caught:
        build.main(["tables"])
    assert caught.value.code == 2
    assert "FRUITS_DATA" in capsys.readouterr().err


def test_real_tables_give_the_same_bytes(build, fruits_data):
    for name, text in build.build(fruits_data).items():
        assert (build.FACTS / name).read_bytes() == text.encode(), f"{name} is not what the tables give"


def test_every_label_has_its_species_and_variety(fruits_data, catalogue):
    varieties = {(variety.species, variety.id) for variety in catalogue.varieties}
    with (fruits_data / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = [(row["species"], row["variety"]) for row in csv.DictReader(file) if row["species"]]
    assert {species for species, _ in labels} <= set(catalogue)
    assert {label for label in labels if label[1]} <= varieties


def test_an_unknown_label_is_refused(build, tables, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("dataset,label,species,variety\nx,Yuzu 1,yuzu,\n", encoding="utf-8")
    with pytest.raises(tables.TableError, match="yuzu"):
        build.check_labels(path, json.loads((build.FACTS / "species.json").read_bytes()))


def test_usda_vitamin_a_agrees_with_its_international_units(tables, fruits_data):
    """10 IU of provitamin A are 1 µg of retinol equivalent: USDA's own column confirms our sum."""
    path = fruits_data / "nutrition" / "usda-sr28-abbrev.csv"
    table = tables.read_usda(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        units = {row["NDB_No"].zfill(5): tables.read_number(row["Vit_A_IU"]) for row in csv.DictReader(file)}
    checked = 0
    for species in Catalogue.load().values():
        foods = species.nutrition.foods if species.nutrition else {}
        if "usda-sr28" in foods:
            food_id = foods["usda-sr28"][0]
            ours, theirs = table[food_id].readings["vitamin_a"], units[food_id]
            if ours and theirs and theirs.value > 50:
                assert ours.value == pytest.approx(theirs.value / 10, rel=0.05, abs=1), species.id
                checked += 1
    assert checked > 30


def test_rows_are_what_foods_json_means(fruits_data, catalogue):
    """Every row is raw or fresh, or is known not to say so."""
    silent = {"hazelnut", "pecan", "walnut", "date"}
    for species in catalogue.values():
        for _, description in (species.nutrition.foods if species.nutrition else {}).values():
            words = description.lower()
            assert "raw" in words or "fresh" in words or species.id in silent, (species.id, description)
            assert not any(bad in words for bad in ("canned", "cnd", "juice", "cooked", "syrup", "boiled", "powder"))
