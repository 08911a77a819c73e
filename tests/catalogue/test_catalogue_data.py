"""The schema of the data: units, ranges, completeness, both languages, every source resolvable."""

import dataclasses
import json
import re
from pathlib import Path
from typing import get_args

import pytest

import fruits.catalogue
from fruits.catalogue import LANGUAGES, Evidence, Text, models
from fruits.catalogue.nutrients import NAMES, SHOWN, UNITS

DATA = Path(fruits.catalogue.__file__).with_name("data")

# Energy against 4 kcal/g of carbohydrate and protein, 9 of fat, 2 of fibre.
ENERGY_EXCEPTIONS = {
    "lemon": "4.9 g of organic acids, 3 kcal/g each, are not carbohydrate in CIQUAL",
    "lime": "4.9 g of organic acids, 3 kcal/g each, are not carbohydrate in CIQUAL",
    "physalis": "USDA gives no fibre, so that its available carbohydrate is unknown",
    "huckleberry": "USDA gives no fibre, so that its available carbohydrate is unknown",
}
# Upper ends per 100 g, well above any food here: a slipped decimal or unit stands out.
CEILINGS = {
    "energy_kj": 3800,
    "energy_kcal": 900,
    "vitamin_c": 300,
    "potassium": 1000,
    "magnesium": 250,
    "folate": 250,
    "vitamin_a": 2500,
    "vitamin_k": 250,
}


def texts(value):
    """Every Text inside a dataclass, a tuple or a mapping."""
    if isinstance(value, Text):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        yield from texts(tuple(value.values()))


def evidences(value):
    if isinstance(value, Evidence):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from evidences(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from evidences(item)


def test_every_species_of_the_brief_is_there(catalogue):
    assert len(catalogue) == 80
    assert {"blackberry", "olive", "gooseberry", "durian", "jackfruit"} <= set(catalogue)
    assert list(catalogue) == sorted(catalogue)


def test_the_files_hold_the_same_species(catalogue):
    for name in ("species", "foods", "keeping", "origin"):
        assert list(json.loads((DATA / f"{name}.json").read_bytes())) == list(catalogue), name


def test_files_end_with_a_newline_and_are_utf8():
    for path in DATA.glob("*.json"):
        assert path.read_text(encoding="utf-8").endswith("}\n"), path


def test_ids_are_kebab_case_and_unique(catalogue):
    for species in catalogue.values():
        ids = [species.id, *(variety.id for variety in species.varieties)]
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", id_) for id_ in ids), ids
        assert len(set(ids)) == len(ids)


def test_both_languages_everywhere(catalogue):
    for species in catalogue.values():
        for text in texts(species):
            for language in LANGUAGES:
                assert text[language].strip() == text[language] != "", (species.id, text)


def test_names_are_words_without_a_capital(catalogue):
    for species in catalogue.values():
        for language in LANGUAGES:
            for name in (species.name[language], species.plural[language]):
                assert re.fullmatch(r"[^\W\d_]+([ '-][^\W\d_]+)*", name), name
                assert name[0].islower()


def test_latin_names_and_families_have_their_form(catalogue):
    for species in catalogue.values():
        assert re.fullmatch(r"[A-Z][a-z]+( (\u00d7|[A-Za-z-]+\.?))+", species.latin), species.latin
        assert re.fullmatch(r"[A-Z][a-z]+aceae", species.family)
        assert species.kind in get_args(models.Kind)


def test_look_alikes_exist_and_are_not_itself(catalogue):
    for species in catalogue.values():
        assert set(species.look_alikes) <= set(catalogue) - {species.id}
    assert "tangelo" in catalogue["mandarin"].look_alikes
    assert "huckleberry" in catalogue["blueberry"].look_alikes


def test_amounts_are_in_range(catalogue):
    for species in catalogue.values():
        if species.nutrition is None:
            assert species.nutrition_absent is not None, species.id
            continue
        assert species.nutrition_absent is None
        for nutrient, amount in species.nutrition.amounts.items():
            assert amount.unit == UNITS[nutrient]
            assert 0 <= amount.value <= CEILINGS.get(nutrient, 100), (species.id, nutrient, amount)
            assert amount.bound in get_args(models.Bound)
            assert amount.source in catalogue.sources
            assert species.nutrition.foods[amount.source][0] == amount.food_id
        if species.nutrition.piece:
            assert 1 < species.nutrition.piece.grams < 2000


def test_macronutrients_are_of_one_row(catalogue):
    block = ("energy_kcal", "energy_kj", "water", "carbohydrate", "sugars", "fibre", "protein", "fat")
    for species in catalogue.values():
        if species.nutrition:
            amounts = species.nutrition.amounts
            assert len({amounts[name].food_id for name in block if name in amounts}) == 1, species.id


def test_shown_nutrients_have_names():
    assert set(SHOWN) == set(NAMES)


def exact(species, *nutrients):
    return [species.nutrition.exact(name) or 0.0 for name in nutrients]


def test_energy_agrees_with_macronutrients_or_says_why(catalogue):
    strays = set()
    for species in catalogue.values():
        if species.nutrition is None:
            continue
        energy, kilojoules, carbohydrate, fibre, protein, fat = exact(
            species, "energy_kcal", "energy_kj", "carbohydrate", "fibre", "protein", "fat"
        )
        assert energy > 0, species.id
        assert kilojoules == pytest.approx(4.184 * energy, abs=0.51)
        if abs(4 * carbohydrate + 2 * fibre + 4 * protein + 9 * fat - energy) > 0.15 * energy:
            strays.add(species.id)
    assert strays == set(ENERGY_EXCEPTIONS)


def test_acids_explain_lemon_and_lime(catalogue):
    for name in ("lemon", "lime"):
        energy, acids, carbohydrate, fibre, protein, fat = exact(
            catalogue[name], "energy_kcal", "organic_acids", "carbohydrate", "fibre", "protein", "fat"
        )
        assert 4 * carbohydrate + 2 * fibre + 4 * protein + 9 * fat + 3 * acids == pytest.approx(energy, rel=0.02)


def test_a_food_adds_up_to_100_g(catalogue):
    for species in catalogue.values():
        if species.nutrition is None or "carbohydrate" not in species.nutrition.amounts:
            continue
        parts = ("water", "carbohydrate", "fibre", "protein", "fat", "ash", "organic_acids")
        assert sum(exact(species, *parts)) == pytest.approx(100, abs=3), species.id


def test_sugars_are_within_carbohydrate(catalogue):
    for species in catalogue.values():
        if species.nutrition and {"sugars", "carbohydrate"} <= set(species.nutrition.amounts):
            sugars, carbohydrate = exact(species, "sugars", "carbohydrate")
            assert sugars <= carbohydrate + 0.5, species.id


def test_keeping_is_in_range(catalogue):
    for species in catalogue.values():
        if species.storage:
            low, high = species.storage.temperature
            assert -2 <= low <= high <= 16
            if species.storage.humidity:
                dry, damp = species.storage.humidity
                assert 50 <= dry <= damp <= 100
        if species.home:
            assert species.home.place in get_args(models.Place)
        if species.ripening:
            assert species.ripening.after_picking in (None, *get_args(models.AfterPicking))
            assert (species.ripening.after_picking, species.ripening.climacteric) != (None, None)
        if species.ethylene:
            assert {species.ethylene.gives_off, species.ethylene.suffers} <= {None, *get_args(models.Level)}
            assert (species.ethylene.gives_off, species.ethylene.suffers) != (None, None)
        if species.shelf:
            for life in (species.shelf.room, species.shelf.refrigerator, species.shelf.freezer):
                if life and life.days:
                    assert 1 <= life.days[0] <= life.days[1] <= 730
                    assert life.words is not None


def test_months_are_months(catalogue):
    for species in catalogue.values():
        if species.season:
            months = species.season.months
            assert list(months) == sorted(set(months))
            assert set(months) <= set(range(1, 13))
            assert months


def test_producers_are_known_countries(catalogue):
    for species in catalogue.values():
        if species.producers:
            assert set(species.producers.countries) <= set(catalogue.countries)
            assert species.producers.year is None or 2010 <= species.producers.year <= 2026


def test_cautions_are_of_known_kinds(catalogue):
    for species in catalogue.values():
        for caution in species.cautions:
            assert caution.kind in get_args(models.CautionKind)
            assert (caution.pollen is not None) == (caution.kind == "oral")
    assert [c.kind for c in catalogue["pecan"].cautions] == ["nuts"]


def test_every_fact_has_a_source_that_resolves_and_its_words(catalogue):
    for species in catalogue.values():
        for evidence in evidences(species):
            assert evidence.source in catalogue.sources, (species.id, evidence)
            if evidence.source != "botany":
                assert evidence.quote, (species.id, evidence)
            else:
                assert evidence.quote is None


def test_textbook_sentences_hold_no_figure(catalogue):
    for species in catalogue.values():
        if species.biodiversity.evidence.source == "botany":
            assert not re.search(r"\d", species.biodiversity.text.en + species.biodiversity.text.fr), species.id


def test_postharvest_figures_stand_in_their_quote(catalogue):
    """The figure of a best temperature is among the words kept beside it, so that neither can drift."""
    for species in catalogue.values():
        if species.storage is None:
            continue
        quote = species.storage.evidence.quote.replace("±", " ")
        numbers = {abs(float(n)) for n in re.findall(r"\d+(?:\.\d+)?", quote)}
        figures = [*species.storage.temperature, *(species.storage.humidity or ())]
        for figure in figures:
            # "0 ± 1" gives -1 to 1; ">90 %" gives 90 to 100
            assert abs(figure) in numbers or figure in (100, -1, 1, -0.5, 0.5), (species.id, figure, quote)


def test_every_source_is_used_and_has_an_address(catalogue):
    used = {e.source for species in catalogue.values() for e in evidences(species)}
    used |= {a.source for s in catalogue.values() if s.nutrition for a in s.nutrition.amounts.values()}
    assert used | {"usda-foodkeeper"} == set(catalogue.sources)
    for source in catalogue.sources.values():
        assert re.match(r"https?://\S+\.\S+|about:common-knowledge$", source.address), source
        assert source.title.strip()


def test_no_health_claim_is_written_by_hand(catalogue):
    words = r"\b(health|healthy|heals?|prevents?|good for|immun|antioxid|détox|detox|santé|bienfaits?|prévient|guéri)"
    for species in catalogue.values():
        for text in texts(species):
            assert not re.search(words, f"{text.en} {text.fr}", re.IGNORECASE), text


def test_sources_md_credits_anses():
    words = Path(fruits.catalogue.__file__).with_name("SOURCES.md").read_text(encoding="utf-8")
    for credit in ("ANSES", "Licence Ouverte", "USDA", "FoodKeeper", "UC Davis", "CC BY-SA 4.0", "ADEME"):
        assert credit in words
