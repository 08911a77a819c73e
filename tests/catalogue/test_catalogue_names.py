"""Words that people type, and what the catalogue understands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fruits.catalogue import LANGUAGES, Catalogue, CatalogueError, UnknownSpeciesError
from fruits.catalogue.names import plain

CATALOGUE = Catalogue.load()
SPECIES = st.sampled_from(list(CATALOGUE.values()))


@pytest.mark.parametrize(
    ("word", "id_"),
    [
        ("pear", "pear"),
        ("poire", "pear"),
        ("Pears", "pear"),
        ("POIRES", "pear"),
        ("grany smith", "apple"),
        ("Granny-Smith", "apple"),
        ("pêche", "peach"),
        ("peche", "peach"),
        ("péche plate", "peach"),
        ("choux-fleurs", "cauliflower"),
        ("chou fleur", "cauliflower"),
        ("cœur de bœuf tomate", "tomato"),
        ("tomatoe", "tomato"),
        ("strawberrys", "strawberry"),
        ("clementines", "mandarin"),
        ("cherry wax", "cherry-plum"),
        ("pepino", "pepino"),
        ("poire melon", "pepino"),
        ("maracuja", "passion-fruit"),
        ("kaki", "persimmon"),
        ("starfruit", "carambola"),
        ("Carambula", "carambola"),
        ("zucchini", "zucchini"),
        ("aubergine", "eggplant"),
        ("noix", "walnut"),
        ("noix de coco", "coconut"),
        ("ananas", "pineapple"),
        ("prune", "plum"),
        ("raisin", "grape"),
        ("pamplemousse", "grapefruit"),
        ("pomelo", "pomelo"),
        ("pomélo", "pomelo"),
        ("citron vert", "lime"),
        ("patate douce", "sweet-potato"),
        ("pomme de terre", "potato"),
        ("pomme", "apple"),
        ("Malus domestica", "apple"),
        ("  pear  ", "pear"),
    ],
)
def test_find(catalogue, word, id_):
    assert catalogue.find(word).id == id_


@pytest.mark.parametrize("word", ["", " ", "?!", "x", "xyzzy", "bread", "computer", "a" * 300, "\x00", "🍐"])
def test_an_unknown_word_is_refused(catalogue, word):
    with pytest.raises(UnknownSpeciesError) as caught:
        catalogue.find(word)
    assert caught.value.exit_code == 2
    assert isinstance(caught.value, CatalogueError)
    assert isinstance(caught.value, KeyError)
    assert repr(word) in str(caught.value)


def test_suggestions_are_close_and_one_for_each_species(catalogue):
    assert catalogue.suggest("appl")[0] == "apple"
    names = catalogue.suggest("mandar", count=5)
    assert len(names) == len({catalogue.find(name).id for name in names}) <= 5
    assert catalogue.suggest("xq") == ()


def test_getitem_takes_ids_only(catalogue):
    assert catalogue["pear"].latin == "Pyrus communis"
    assert "pear" in catalogue
    assert "poire" not in catalogue
    with pytest.raises(UnknownSpeciesError, match="poire"):
        catalogue["poires"]


def test_varieties(catalogue):
    ids = {(variety.species, variety.id) for variety in catalogue.varieties}
    assert {("pear", "williams"), ("apple", "granny-smith"), ("cherry-plum", "black")} <= ids
    assert len(ids) == len(catalogue.varieties)


def test_no_two_species_share_an_own_name(catalogue):
    """Words that name two species are few, known, and go to the one people mean."""
    owners = {}
    for species in catalogue.values():
        for language in LANGUAGES:
            for name in {plain(species.name[language]), plain(species.plural[language])}:
                owners.setdefault(name, set()).add(species.id)
    shared = {name: ids for name, ids in owners.items() if len(ids) > 1}
    assert shared == {"pomelo": {"pomelo", "grapefruit"}, "pomelos": {"pomelo", "grapefruit"}}


@given(species=SPECIES, language=st.sampled_from(LANGUAGES), upper=st.booleans(), plural=st.booleans())
def test_every_name_finds_its_species(species, language, upper, plural):
    name = (species.plural if plural else species.name)[language]
    found = CATALOGUE.find(name.upper() if upper else name)
    assert found.id == species.id or plain(name).startswith("pomelo")


@settings(max_examples=200)
@given(species=SPECIES, data=st.data())
def test_one_slip_never_finds_nothing_for_long_names(species, data):
    """A letter left out of a long name still finds a species or suggests the right one."""
    name = species.name.en
    if len(name) < 7:
        return
    at = data.draw(st.integers(1, len(name) - 1))
    slipped = name[:at] + name[at + 1 :]
    try:
        assert CATALOGUE.find(slipped).id == species.id
    except UnknownSpeciesError as error:
        assert species.id in {CATALOGUE.find(suggestion).id for suggestion in error.suggestions}


@given(st.text(max_size=30))
def test_any_text_is_answered_or_refused(word):
    try:
        assert CATALOGUE.find(word).id in CATALOGUE
    except UnknownSpeciesError as error:
        assert str(error)
