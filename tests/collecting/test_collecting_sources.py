"""Each source against a server that answers as it does: what is asked, what is read, how it goes from page to page."""

import pytest

from fruits.catalogue import Catalogue
from fruits.collecting import LICENCES, Client, Licence, Manners, SourceError, commons, inaturalist, openverse
from fruits.collecting.terms import terms_of
from photo_apis import serving

QUICK = Manners(pause=0.01, pace=0.0, timeout=20)
CATALOGUE = Catalogue.load()
ALL = frozenset(LICENCES)


def search(module, world, species="pear", licences=ALL, contact="me@example.org"):
    terms = terms_of(CATALOGUE[species], CATALOGUE.values())
    return list(module.search(Client(contact, QUICK), world.endpoints()[module.NAME], terms, licences))


# --- Wikimedia Commons -----------------------------------------------------------------------------------------------


def test_commons_goes_through_all_pages_in_order_of_rank(world):
    for id_ in range(1, 9):
        world.on_commons(id_)
    with serving(world):
        found = search(commons, world)
    assert [one.id for one in found] == [str(id_) for id_ in range(1, 9)]
    offsets = [entry["query"].get("gsroffset") for entry in world.asked("/w/api.php")]
    assert offsets == [None, None, "3", "6"]  # the scientific name finds nothing, the English one three pages


def test_commons_reads_author_licence_title_and_the_thumbnail(world):
    world.on_commons(
        12,
        code="cc-by-sa-3.0,2.5,2.0,1.0",
        artist='<span class="fn"><a href="/wiki/User:J">Jané <b>Doe</b></a></span><i style="display: none;">x</i>',
        meta={"LicenseUrl": "http://creativecommons.org/licenses/by-sa/3.0/"},
    )
    with serving(world):
        (one,) = search(commons, world)
    assert one.author == "Jané Doe"
    assert one.licence == Licence("cc-by-sa", "https://creativecommons.org/licenses/by-sa/3.0/")
    assert one.title == "Pear 12"
    assert one.page == "https://commons.wikimedia.org/wiki/File:12.jpg"
    assert one.image == f"{world.url}/photos/c12.jpg"


def test_commons_prefers_the_attribution_that_the_author_asks_for(world):
    world.on_commons(1, meta={"Attribution": "Jane Doe / example.org"})
    with serving(world):
        (one,) = search(commons, world)
    assert one.author == "Jane Doe / example.org"


def test_commons_says_what_is_no_open_licence(world):
    world.on_commons(1, code="cc-by-nc-4.0")
    world.on_commons(2, code="gfdl")
    world.on_commons(3, code=None)
    world.on_commons(4, meta={"NonFree": "true"})
    world.on_commons(5, code="cc-by-4.0", meta={"LicenseUrl": "https://creativecommons.org/licenses/by-nd/4.0/"})
    world.on_commons(6, code="pd")
    world.on_commons(7, code="cc0")
    with serving(world):
        found = {one.id: one.licence and one.licence.code for one in search(commons, world)}
    assert found == {"1": None, "2": None, "3": None, "4": None, "5": None, "6": "pdm", "7": "cc0"}


def test_commons_leaves_out_drawings_other_formats_and_other_fruit(world):
    world.on_commons(1)
    world.on_commons(2, mime="image/png")
    world.on_commons(3, words="pear fruit illustration")
    world.on_commons(4, words="prickly pear fruit")
    with serving(world):
        assert [one.id for one in search(commons, world)] == ["1"]


def test_commons_waits_when_its_databases_lag(world):
    world.on_commons(1)
    world.trouble["/w/api.php"] = [{"lag": 6}]
    with serving(world):
        assert [one.id for one in search(commons, world)] == ["1"]


def test_commons_refuses_a_reader_without_contact(world):
    world.on_commons(1)
    with serving(world), pytest.raises(SourceError, match="403"):
        search(commons, world, contact="")


# --- iNaturalist -----------------------------------------------------------------------------------------------------


def test_inaturalist_goes_through_all_pages_by_id(world):
    for id_ in (5, 3, 4, 1, 2, 7, 6):
        world.on_inaturalist(id_)
    with serving(world):
        found = search(inaturalist, world)
    assert [one.id for one in found] == ["10", "20", "30", "40", "50", "60", "70"]
    assert [entry["query"]["id_above"] for entry in world.asked("/v1/observations")] == ["0", "3", "6"]


def test_inaturalist_reads_author_licence_and_the_large_photo(world):
    world.on_inaturalist(8, "cc-by-nc", "cc-by-sa", "cc0")
    with serving(world):
        (one,) = search(inaturalist, world)
    assert (one.id, one.author, one.title) == ("81", "Obs 8", "Pyrus communis")
    assert one.licence == Licence("cc-by-sa", "https://creativecommons.org/licenses/by-sa/4.0/")
    assert one.page == "https://www.inaturalist.org/photos/81"
    assert one.image.startswith(f"{world.url}/photos/81/large.jpg")


def test_inaturalist_is_asked_for_fruit_of_the_plant_and_for_open_photos(world):
    world.on_inaturalist(1, "cc-by-nc")
    world.on_inaturalist(2, "cc0", fruiting=False)
    world.on_inaturalist(3, "cc-by")
    world.on_inaturalist(4, "cc0")
    with serving(world):
        found = search(inaturalist, world, licences=frozenset({"cc0", "pdm"}))
    assert [one.id for one in found] == ["40"]
    (asked,) = world.asked("/v1/observations")
    assert asked["query"]["photo_license"] == "cc0"
    assert (asked["query"]["taxon_id"], asked["query"]["term_id"], asked["query"]["term_value_id"]) == (
        "55",
        "12",
        "14",
    )


def test_inaturalist_keeps_nectarines_out_of_peaches(world):
    world.on_inaturalist(1, taxa=("60",), name="Prunus persica")
    world.on_inaturalist(2, taxa=("61", "60"), name="Prunus persica nucipersica")
    with serving(world):
        assert [one.id for one in search(inaturalist, world, "peach")] == ["10"]
        assert [one.id for one in search(inaturalist, world, "nectarine")] == ["20"]


def test_inaturalist_without_such_a_taxon_or_licence_finds_nothing(world):
    world.on_inaturalist(1)
    with serving(world):
        assert search(inaturalist, world, "mango") == []
        assert search(inaturalist, world, "cabbage") == []
        assert search(inaturalist, world, "pear", frozenset({"pdm"})) == []
        assert not world.asked("/v1/observations")


# --- Openverse -------------------------------------------------------------------------------------------------------


def test_openverse_goes_through_all_pages(world):
    names = [f"a{number}-b" for number in range(7)]
    for name in names:
        world.on_openverse(name)
    with serving(world):
        found = search(openverse, world)
    assert [one.id for one in found] == names
    assert [entry["query"]["page"] for entry in world.asked("/v1/images/")] == ["1", "1", "2", "3"]


def test_openverse_reads_author_and_licence_and_asks_for_open_ones(world):
    world.on_openverse("a", licence="by-sa", license_url="https://creativecommons.org/licenses/by-sa/2.0/")
    world.on_openverse("b", licence="by-nc")
    world.on_openverse("c", licence="by", license_url="https://creativecommons.org/licenses/by-nd/2.0/")
    world.on_openverse("d", licence="by", license_url=None, version="2.5")
    world.on_openverse("e", mature=True)
    with serving(world):
        found = search(openverse, world, licences=frozenset({"cc-by", "cc-by-sa"}))
    assert {one.id: one.licence and one.licence.code for one in found} == {
        "a": "cc-by-sa",
        "b": None,
        "c": None,
        "d": "cc-by",
    }
    assert found[0].author == "Flick R." and found[0].page == "https://www.flickr.com/photos/someone/a"
    assert found[3].licence.url == "https://creativecommons.org/licenses/by/2.5/"
    query = world.asked("/v1/images/")[0]["query"]
    assert (query["license"], query["excluded_source"]) == ("by,by-sa", "wikimedia,inaturalist")


# --- all of them -----------------------------------------------------------------------------------------------------

PATHS = {commons: "/w/api.php", inaturalist: "/v1/taxa", openverse: "/v1/images/"}


@pytest.mark.parametrize("module", PATHS, ids=lambda module: module.NAME)
def test_a_source_that_fails_for_a_moment_is_asked_again(world, module):
    world.on_commons(1)
    world.on_inaturalist(1)
    world.on_openverse("a")
    with serving(world):
        plain = search(module, world)
        calls = len(world.asked())
    # The start of the server takes the first request of /v1/taxa.
    first = [{}] if module is inaturalist else []
    world.trouble[PATHS[module]] = [*first, {"status": 500}, {"status": 429, "retry_after": "0"}, {"status": 503}]
    world.forget_asked()
    with serving(world):
        again = search(module, world)
        assert [one.id for one in again] == [one.id for one in plain] != []
        assert len(world.asked()) == calls + 3


@pytest.mark.parametrize("module", PATHS, ids=lambda module: module.NAME)
@pytest.mark.parametrize("act", [{"html": 1}, {"status": 400}, {"status": 429, "retry_after": "86400"}], ids=str)
def test_a_source_that_cannot_be_asked_is_named_with_the_reason(world, module, act):
    world.trouble[PATHS[module]] = [{}, act] if module is inaturalist else [act]
    with serving(world), pytest.raises(SourceError) as caught:
        search(module, world)
        raise AssertionError(world.asked())
    said = str(caught.value)
    assert PATHS[module].strip("/").split("/")[0] in said
    assert ("not JSON" in said) or ("400" in said) or ("86,400 s" in said)
    assert len(world.asked(PATHS[module])) == 1


@pytest.mark.parametrize("module", PATHS, ids=lambda module: module.NAME)
def test_every_request_carries_the_one_user_agent(world, module):
    with serving(world):
        search(module, world, contact="https://example.org/me")
    agents = {entry["agent"] for entry in world.asked()}
    assert len(agents) == 1
    assert agents.pop().startswith("fruits-collect-bot/")
