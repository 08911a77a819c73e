"""What to ask for a species: words for search engines, and a taxon for a source that knows taxa."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from fruits.catalogue import Species
from fruits.catalogue.names import plain

HYBRID = "\N{MULTIPLICATION SIGN}"
"""What stands in the names of hybrids."""

# What is eaten, in one word, so that "date" or "lime" find no calendars and no buildings.
_THING = {"fruit": "fruit", "nut": "nut", "mushroom": "mushroom"}
_OTHER_THING = "vegetable"
# Vegetables that are a fruit to a botanist: "fruiting" shows the tomato, but not the carrot.
_FRUIT_VEGETABLES = frozenset({"Solanaceae", "Cucurbitaceae", "Poaceae"})
# One species to a botanist, several foods: pumpkins and courgettes; beetroot, chard and sugar beet.
_BROAD = frozenset({"Cucurbita pepo", "Beta vulgaris"})
_FRUIT_KINDS = frozenset({"fruit", "nut"})

_INFRA = re.compile(r"(?P<above>.+) (?P<mark>subg\.|sect\.) (?P<name>\S+)")
_BELOW = re.compile(r"(?P<species>.+) (?P<mark>subsp\.|var\.) (?P<name>\S+)")
_RANKS = {"subg.": "subgenus", "sect.": "section"}


@dataclass(frozen=True)
class Taxon:
    """A scientific name without rank marks, and the rank when the name alone leaves it open."""

    name: str
    rank: str | None = None


@dataclass(frozen=True)
class Terms:
    """What to ask for one species.

    ``phrases`` go to search engines, the most exact first, with ``not_these`` left out: a prickly pear is no pear.
    ``taxon`` is None where ``no_taxon`` says why; ``without`` are narrower taxa that are species of their own here.
    ``fruiting`` asks for plants seen with fruit.
    """

    species: str
    phrases: tuple[str, ...]
    not_these: tuple[str, ...]
    taxon: Taxon | None
    no_taxon: str = ""
    without: tuple[Taxon, ...] = ()
    fruiting: bool = True


def terms_of(species: Species, catalogue: Collection[Species]) -> Terms:
    """The terms of a species; ``catalogue`` are all species, for what must be kept apart."""
    taxon, why = taxon_of(species.latin), ""
    if taxon is None or species.latin in _BROAD:
        why = f"{species.latin} is not told from its relatives there"
    elif not _shows_the_produce(species):
        why = f"photos there show the plant, not the {species.name.en} that is eaten"
    narrower = [] if taxon is None else [taxon_of(other.latin) for other in _within(species, taxon, catalogue)]
    if None in narrower:
        why = f"{species.latin} holds other kinds that are not told apart there"
    return Terms(
        species=species.id,
        phrases=tuple(_phrases(species, "" if taxon is None or taxon.rank or species.latin in _BROAD else taxon.name)),
        not_these=tuple(_longer_names(species, catalogue)),
        taxon=None if why else taxon,
        no_taxon=why,
        without=tuple(other for other in narrower if other is not None),
        fruiting=species.kind != "mushroom",
    )


def taxon_of(latin: str) -> Taxon | None:
    """The taxon of a scientific name as the catalogue writes it; None for cultivar groups and for two genera."""
    if latin.endswith(" Group") or " and " in latin:
        return None
    if latin.endswith(" spp."):
        return Taxon(latin.removesuffix(" spp."), "genus")
    if match := _INFRA.fullmatch(latin):
        return Taxon(match["name"], _RANKS[match["mark"]])
    if match := _BELOW.fullmatch(latin):
        return Taxon(f"{match['species']} {match['name']}")
    return Taxon(latin)


def _shows_the_produce(species: Species) -> bool:
    if species.kind in _FRUIT_KINDS or species.kind == "mushroom":
        return True
    return species.kind == "vegetable" and species.family in _FRUIT_VEGETABLES


def _within(species: Species, taxon: Taxon, catalogue: Iterable[Species]) -> list[Species]:
    """Other species of the catalogue whose name continues this taxon's: the nectarine is a peach to a botanist."""
    start = plain(taxon.name) + " "
    if taxon.rank in _RANKS.values():
        return []
    return [other for other in catalogue if other.id != species.id and plain(other.latin).startswith(start)]


def _phrases(species: Species, latin: str) -> Iterator[str]:
    """Scientific name, English name and id, each once, with the word for what is eaten."""
    thing = _THING.get(species.kind, _OTHER_THING)
    names = [" ".join(latin.replace(HYBRID, " ").split()), species.name.en, species.id.replace("-", " ")]
    if thing in names:  # any mushroom would do
        names = [names[0], *species.aliases["en"]]
    for name in dict.fromkeys(name for name in names if name):
        quoted = f'"{name}"' if " " in name else name
        yield quoted if thing in name.split() else f"{quoted} {thing}"


def _longer_names(species: Species, catalogue: Iterable[Species]) -> Iterator[str]:
    """English names of other species that hold this one's name as a word."""
    for other in catalogue:
        for name in (other.name.en, *other.aliases["en"]):
            words = name.split()
            if other.id != species.id and len(words) > 1 and species.name.en in words:
                yield name
