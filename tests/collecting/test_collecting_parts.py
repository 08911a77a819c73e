"""Licences, search terms, pictures and manners, each by itself."""

import io
import random
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fruits.catalogue import Catalogue
from fruits.collecting import LICENCES, Client, Wish, WrongCallError, chosen
from fruits.collecting.candidates import Candidate, text, without_tags
from fruits.collecting.client import _retry_after, user_agent
from fruits.collecting.ledger import open_ledger
from fruits.collecting.licences import of_commons, of_inaturalist, of_openverse
from fruits.collecting.pictures import HASH_BITS, NEAR, Fingerprints, fingerprint_of, prepare
from fruits.collecting.terms import terms_of
from fruits.vision.decode import DecodeError, Limits
from photo_apis import photo

CATALOGUE = Catalogue.load()


# --- licences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "short", "url", "expected"),
    [
        ("cc-by-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0", "cc-by"),
        ("cc-by-sa-3.0,2.5,2.0,1.0", "", "", "cc-by-sa"),
        ("cc-by-sa-3.0-migrated", "", "", "cc-by-sa"),
        ("cc-by-2.0-de", "", "http://creativecommons.org/licenses/by/2.0/de/deed.en", "cc-by"),
        ("", "CC BY-SA 4.0", "", "cc-by-sa"),
        ("cc0", "CC0", "http://creativecommons.org/publicdomain/zero/1.0/deed.en", "cc0"),
        ("pd", "Public domain", "", "pdm"),
        ("pd-usgov", "", "", "pdm"),
        ("cc-by-nc-4.0", "", "", None),
        ("cc-by-nd-2.0", "", "", None),
        ("cc-by-nc-sa-3.0", "", "", None),
        ("cc-by-4.0", "CC BY-NC 4.0", "", None),
        ("cc-by-4.0", "", "https://creativecommons.org/licenses/by-sa/4.0/", None),
        ("cc-by-sa-4.0", "", "https://creativecommons.org/licenses/by-nc-sa/4.0/", None),
        ("cc0", "", "https://creativecommons.org/licenses/by/4.0/", None),
        ("gfdl", "GFDL", "", None),
        ("fal", "", "", None),
        ("cc-by", "", "", None),
        ("", "", "", None),
    ],
)
def test_licences_of_commons(code, short, url, expected):
    licence = of_commons(code, short, url)
    assert (licence and licence.code) == expected
    assert licence is None or licence.url.startswith("https://creativecommons.org/")


@given(st.sampled_from(["nc", "nd", "nc-sa", "nc-nd", "NC", "ND"]), st.sampled_from(["1.0", "2.0", "4.0"]))
def test_nc_and_nd_are_never_open(mark, version):
    url = f"https://creativecommons.org/licenses/by-{mark}/{version}/"
    for code in (f"cc-by-{mark}-{version}", f"CC BY-{mark} {version}", "cc-by-4.0"):
        assert of_commons(code, "", url) is None
    assert of_openverse(f"by-{mark}", version, "") is None
    assert of_openverse("by", version, url) is None
    assert of_inaturalist(f"cc-by-{mark}") is None


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=80))
def test_any_words_give_a_known_licence_or_none(code, short, url):
    for licence in (of_commons(code, short, url), of_openverse(code, short, url), of_inaturalist(code)):
        assert licence is None or licence.code in LICENCES


def test_licences_to_choose_from():
    assert chosen(" CC0, cc-by ,") == {"cc0", "cc-by"}
    for words in ("cc-by-nc", "cc-by-nd", "gfdl", "", "cc0,all-rights-reserved"):
        with pytest.raises(WrongCallError) as caught:
            chosen(words)
        assert caught.value.exit_code == 2 and "cc-by-sa" in str(caught.value)


@pytest.mark.parametrize(
    "wish", [{"limit": 0}, {"licences": frozenset({"cc-by-nc"})}, {"sources": {}}, {"sources": {"x": ""}}]
)
def test_a_wish_that_cannot_be(wish):
    with pytest.raises(WrongCallError):
        Wish(**wish)


# --- terms -----------------------------------------------------------------------------------------------------------


def terms(species):
    return terms_of(CATALOGUE[species], CATALOGUE.values())


def test_terms_are_built_from_scientific_and_english_names():
    assert terms("pear").phrases == ('"Pyrus communis" fruit', "pear fruit")
    assert terms("eggplant").phrases == ('"Solanum melongena" vegetable', "aubergine vegetable", "eggplant vegetable")
    assert terms("lemon").phrases[0] == '"Citrus limon" fruit'
    assert terms("dragon-fruit").phrases[1] == '"dragon fruit"'


def test_a_name_that_covers_other_produce_is_not_searched_for():
    assert terms("blackberry").phrases == ("blackberry fruit",)  # the subgenus Rubus, a genus that holds raspberries
    assert terms("chilli-pepper").phrases == ('"chilli pepper" vegetable',)
    assert terms("cabbage").phrases == ("cabbage vegetable",)
    assert "mushroom" not in terms("mushroom").phrases
    assert set(terms("pear").not_these) == {"avocado pear", "melon pear", "prickly pear", "cactus pear"}


def test_taxa_where_photos_of_the_plant_show_what_is_eaten():
    assert (terms("banana").taxon.name, terms("banana").taxon.rank) == ("Musa", "genus")
    assert (terms("blueberry").taxon.name, terms("blueberry").taxon.rank) == ("Cyanococcus", "section")
    assert terms("tomato").taxon and terms("tomato").fruiting and not terms("mushroom").fruiting
    for species in ("carrot", "lettuce", "potato", "cabbage", "cauliflower", "pepper", "chilli-pepper", "zucchini"):
        assert terms(species).taxon is None and terms(species).no_taxon


@pytest.mark.parametrize("species", list(CATALOGUE))
def test_every_species_can_be_asked_for(species):
    asked = terms(species)
    assert asked.phrases and all(asked.phrases)
    assert (asked.taxon is None) == bool(asked.no_taxon)
    assert len(asked.phrases[0] + "".join(f' -"{name}"' for name in asked.not_these)) <= 200  # Openverse's limit


# --- pictures --------------------------------------------------------------------------------------------------------


def again(data, quality=70, scale=1.0, crop=0.0):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    image = image.crop(
        (round(width * crop), round(height * crop), round(width * (1 - crop)), round(height * (1 - crop)))
    )
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@pytest.mark.parametrize("change", [{"quality": 30}, {"scale": 0.4}, {"scale": 0.3, "quality": 60}, {"crop": 0.01}])
def test_copies_are_near(change):
    for seed in range(20):
        one = photo(seed, (800, 600))
        assert (fingerprint_of(one) ^ fingerprint_of(again(one, **change))).bit_count() <= NEAR


def test_other_photos_are_far():
    prints = [fingerprint_of(photo(seed)) for seed in range(60)]
    apart = [(a ^ b).bit_count() for place, a in enumerate(prints) for b in prints[:place]]
    assert min(apart) > NEAR


def test_the_claim_about_real_photos(fruits_data):
    """What the constant NEAR says of it, on a part of the same photos."""
    paths = sorted((fruits_data / "web-produce-a" / "images").iterdir())[:250]
    originals = [path.read_bytes() for path in paths]
    prints = [fingerprint_of(data) for data in originals]
    close = [1 for place, a in enumerate(prints) for b in prints[:place] if (a ^ b).bit_count() <= NEAR]
    copies = [fingerprint_of(again(data, quality=60, scale=0.5)) for data in originals[:60]]
    assert len(close) <= 1
    assert all((a ^ b).bit_count() <= NEAR for a, b in zip(prints, copies, strict=False))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**HASH_BITS - 1), min_size=1, max_size=60), st.integers(0, HASH_BITS), st.randoms())
def test_the_nearest_is_found(prints, flipped, chance):
    index = Fingerprints()
    for number, print_ in enumerate(prints):
        index.add(print_, str(number))
    wanted = chance.choice(prints)
    for bit in chance.sample(range(HASH_BITS), flipped):
        wanted ^= 1 << bit
    distances = [(print_ ^ wanted).bit_count() for print_ in prints]
    found = index.near(wanted)
    assert (found is None) == (min(distances) > NEAR)
    assert found is None or (distances[int(found[0])] == found[1] == min(distances))


def test_the_index_grows():
    index, chance = Fingerprints(), random.Random(1)
    prints = [chance.getrandbits(HASH_BITS) for _ in range(2500)]
    for number, print_ in enumerate(prints):
        index.add(print_, str(number))
    assert index.near(prints[2400] ^ 3) == ("2400", 2)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2000))
def test_any_bytes_are_a_picture_or_a_reason(noise, place):
    data = bytearray(photo(1))
    data[place : place + len(noise)] = noise
    try:
        picture = prepare(bytes(data), Limits())
    except DecodeError as error:
        assert error.reason
    else:
        assert picture.jpeg.startswith(b"\xff\xd8") and 0 <= picture.fingerprint < 2**HASH_BITS


# --- words and manners -----------------------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_markup_never_breaks_the_line(markup):
    said = without_tags(markup)
    assert "\n" not in said and len(said) <= 300 and said.isprintable()


def test_words_of_markup():
    assert without_tags('<a href="x">Ann &amp; Bob</a>,<br/>  2011') == "Ann & Bob , 2011"
    assert without_tags("<script>alert(1)</script>Me") == "Me"
    assert len(without_tags("x" * 1000)) == 300


def test_reading_json_that_lacks_things():
    assert text({"a": {"b": " x \n y "}}, "a", "b") == "x y"
    for record in ({}, {"a": None}, {"a": []}, {"a": {"b": None}}, {"a": {"b": True}}, {"a": {"b": {}}}, None, []):
        assert text(record, "a", "b") == ""


def test_the_user_agent():
    assert user_agent("me@example.org").startswith("fruits-collect-bot/")
    assert "(me@example.org) Python-urllib/3" in user_agent("me@example.org")
    for contact in ("a\r\nHost: x", "x)(y", "é@example.org", "x" * 300, "\n"):
        with pytest.raises(WrongCallError):
            Client(contact)


def test_retry_after_in_both_forms():
    def seconds(value):
        headers = Message()
        if value is not None:
            headers["Retry-After"] = value
        return _retry_after(headers)

    assert seconds("120") == 120
    assert seconds(None) is None and seconds("soon") is None and seconds("-5") is None
    assert 55 < seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) <= 60
    assert seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@settings(max_examples=25, deadline=None)
@given(author=st.text(max_size=60), title=st.text(max_size=60))
def test_any_words_survive_the_table(tmp_path_factory, author, title):
    folder = tmp_path_factory.mktemp("ledger")
    licence = of_inaturalist("cc-by")
    one = Candidate("commons", "1", "https://example.org/p", "https://example.org/i", author, title, licence)
    picture = prepare(photo(1), Limits())
    with open_ledger(folder) as ledger:
        kept = ledger.keep(one, "pear", photo(1), picture)
        ledger.refuse(one, "pear", "similar", title)
    with open_ledger(folder) as ledger:
        assert ledger.kept("pear") == 1 and ledger.settled(one)
        assert ledger.same(photo(1)) == kept.file and ledger.near(picture) == (kept.file, 0)
