"""Read the catalogue's files into types, and answer by id or by name."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from fruits.catalogue.errors import CatalogueError, UnknownSpeciesError
from fruits.catalogue.models import (
    Amount,
    Caution,
    Ethylene,
    Evidence,
    Home,
    Life,
    Nutrition,
    Piece,
    Producers,
    Ripening,
    Season,
    Shelf,
    Source,
    SourcedText,
    Species,
    Storage,
    Text,
    Variety,
)
from fruits.catalogue.names import NameIndex
from fruits.catalogue.nutrients import UNITS

FILES = ("species", "foods", "nutrition", "foodkeeper", "keeping", "origin", "sources", "countries")
PRODUCING = ("moderate", "high", "very high")
SUFFERING = ("moderate", "high", "very high", "yes")

Json = Mapping[str, Any]


class Catalogue(Mapping[str, Species]):
    """Every species by id, with its names, its sources and the names of countries."""

    def __init__(
        self, species: Mapping[str, Species], sources: Mapping[str, Source], countries: Mapping[str, Text]
    ) -> None:
        self._species = dict(species)
        self.sources = dict(sources)
        self.countries = dict(countries)

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read the files of ``folder``, by default those of the package.

        Raises ``CatalogueError`` when a file is missing or is not what it should be.
        """
        folder = folder or Path(__file__).with_name("data")
        try:
            files = {name: json.loads((folder / f"{name}.json").read_bytes()) for name in FILES}
            species = {id_: _species(id_, files) for id_ in files["species"]}
            sources = {id_: Source(id_, **entry) for id_, entry in files["sources"].items()}
            countries = {code: Text(**names) for code, names in files["countries"].items()}
        except OSError as error:
            raise CatalogueError(f"{error.filename} cannot be read: install fruits again") from error
        except (ValueError, KeyError, TypeError) as error:
            raise CatalogueError(f"The catalogue in {folder} is damaged: {error!r}") from error
        return cls(species, sources, countries)

    def __getitem__(self, id_: str) -> Species:
        """The species with this id; raises ``UnknownSpeciesError`` (a ``KeyError``) when there is none."""
        try:
            return self._species[id_]
        except KeyError:
            raise UnknownSpeciesError(id_, self.suggest(id_)) from None

    def __contains__(self, id_: object) -> bool:
        """Whether ``id_`` is the id of a species."""
        return id_ in self._species

    def __iter__(self) -> Iterator[str]:
        """The ids, in alphabetical order."""
        return iter(self._species)

    def __len__(self) -> int:
        """How many species there are."""
        return len(self._species)

    @cached_property
    def varieties(self) -> tuple[Variety, ...]:
        """Every variety of every species."""
        return tuple(variety for species in self.values() for variety in species.varieties)

    def find(self, word: str) -> Species:
        """The species that ``word`` names, in English, French or Latin, singular or plural, of species or variety.

        Case, accents and small slips of spelling are forgiven. Raises ``UnknownSpeciesError`` with suggestions.
        """
        id_ = self._names.find(word)
        if id_ is None:
            raise UnknownSpeciesError(word, self.suggest(word))
        return self._species[id_]

    def suggest(self, word: str, count: int = 3) -> tuple[str, ...]:
        """Up to ``count`` names close to ``word``, best first, one for each species."""
        return self._names.suggest(word, count)

    def keep_apart(self, species: Species) -> tuple[str, ...]:
        """Ids of what not to store with ``species``: one gives off the ethylene that the other suffers from."""
        return tuple(other.id for other in self.values() if other.id != species.id and _harm(species, other))

    @cached_property
    def _names(self) -> NameIndex:
        return NameIndex(self.values())


def _harm(one: Species, other: Species) -> bool:
    a, b = one.ethylene, other.ethylene
    if a is None or b is None:
        return False
    return (a.gives_off in PRODUCING and b.suffers in SUFFERING) or (
        b.gives_off in PRODUCING and a.suffers in SUFFERING
    )


def _species(id_: str, files: Json) -> Species:
    facts, food = files["species"][id_], files["foods"][id_]
    keeping, origin = files["keeping"][id_], files["origin"][id_]
    nutrition = files["nutrition"].get(id_)
    shelf = files["foodkeeper"].get(id_)
    return Species(
        id=id_,
        name=Text(**facts["name"]),
        plural=Text(**facts["plural"]),
        aliases={"en": tuple(facts["aliases"]["en"]), "fr": tuple(facts["aliases"]["fr"])},
        latin=facts["latin"],
        family=facts["family"],
        kind=facts["kind"],
        look_alikes=tuple(facts["look_alikes"]),
        varieties=tuple(Variety(v["id"], id_, Text(v["en"], v["fr"])) for v in facts["varieties"]),
        note=_text(facts.get("note")),
        nutrition=None if nutrition is None else _nutrition(nutrition, food),
        nutrition_absent=_text(food.get("absent")),
        shelf=None if shelf is None else _shelf(shelf),
        storage=_storage(keeping.get("storage")),
        home=None if "home" not in keeping else Home(keeping["home"]["place"], _evidence(keeping["home"])),
        ripening=_ripening(keeping.get("ripening")),
        ethylene=_ethylene(keeping.get("ethylene")),
        ripe_when=_sourced(keeping.get("ripe_when")),
        season=_season(origin.get("season")),
        origin=_sourced(origin.get("origin")),
        producers=_producers(origin.get("producers")),
        biodiversity=SourcedText(_pair(origin["biodiversity"]), _evidence(origin["biodiversity"])),
        cautions=tuple(Caution(c["kind"], c.get("pollen"), _evidence(c)) for c in origin.get("cautions", ())),
    )


def _nutrition(entry: Json, food: Json) -> Nutrition:
    amounts = {}
    for nutrient, unit in UNITS.items():
        if nutrient in entry:
            value, source, food_id, *bound = entry[nutrient]
            amounts[nutrient] = Amount(value, unit, source, food_id, *bound)
    piece = None
    if "piece" in entry:
        weighed = entry["piece"]
        piece = Piece(weighed["grams"], _pair(food["piece"]), weighed["source"], weighed["food"], weighed["words"])
    foods = {source: (id_, description) for source, (id_, description) in entry["foods"].items()}
    doubts = tuple((nutrient, ciqual, usda) for nutrient, ciqual, usda in entry.get("doubts", ()))
    return Nutrition(amounts, foods, piece, _text(food.get("remark")), doubts)


def _shelf(entry: Json) -> Shelf:
    return Shelf(
        entry["product"],
        entry["id"],
        _life(entry.get("room")),
        _life(entry.get("refrigerator")),
        _life(entry.get("freezer")),
    )


def _life(entry: Json | None) -> Life | None:
    if entry is None:
        return None
    return Life(
        days=tuple(entry["days"]) if "days" in entry else None,
        words=_text(entry.get("words")),
        until_ripe=entry.get("until_ripe", False),
        advised=entry.get("advised", True),
        tip=_text(entry.get("tip")),
    )


def _storage(entry: Json | None) -> Storage | None:
    if entry is None:
        return None
    humidity = tuple(entry["humidity_percent"]) if "humidity_percent" in entry else None
    return Storage(tuple(entry["temperature_c"]), humidity, _evidence(entry))


def _ripening(entry: Json | None) -> Ripening | None:
    if entry is None:
        return None
    return Ripening(entry.get("after_picking"), entry.get("climacteric"), _evidence(entry))


def _ethylene(entry: Json | None) -> Ethylene | None:
    if entry is None:
        return None
    return Ethylene(entry.get("gives_off"), entry.get("suffers"), _evidence(entry))


def _season(entry: Json | None) -> Season | None:
    return None if entry is None else Season(tuple(entry["months"]), entry["imported"], _evidence(entry))


def _producers(entry: Json | None) -> Producers | None:
    return None if entry is None else Producers(tuple(entry["countries"]), entry.get("year"), _evidence(entry))


def _sourced(entry: Json | None) -> SourcedText | None:
    return None if entry is None else SourcedText(_pair(entry), _evidence(entry))


def _text(entry: Json | None) -> Text | None:
    return None if entry is None else _pair(entry)


def _pair(entry: Json) -> Text:
    return Text(entry["en"], entry["fr"])


def _evidence(entry: Json) -> Evidence:
    return Evidence(entry["source"], entry.get("quote"))
