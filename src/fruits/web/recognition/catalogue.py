"""The catalogue as JSON for the app: summaries, cards, everything at once, and a search that forgives."""

from __future__ import annotations

import hashlib
import json
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from fruits.catalogue import LANGUAGES, NUTRIENT_REFERENCE_VALUES, Catalogue, Species, Variety
from fruits.catalogue.card import card
from fruits.catalogue.names import plain
from fruits.catalogue.nutrients import UNITS
from fruits.catalogue.rendering import as_dict

Json = dict[str, Any]

# A whole name, the beginning of one, the beginning of a word in it, a piece of it; below them, likeness.
_WHOLE, _BEGINS, _WORD, _PIECE = 1.0, 0.95, 0.9, 0.8
_CLOSE = 0.72
_LIKENESS_WEIGHT = 0.75
_VARIETY_WEIGHT = 0.98


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue of the package, read once."""
    return Catalogue.load()


@lru_cache(maxsize=256)
def full(id_: str) -> Json:
    """All of one species: `fruits info --json`, its ready sentences, names of countries, reference values."""
    species = catalogue()[id_]
    countries = species.producers.countries if species.producers else ()
    plain_values: Json = json.loads(
        json.dumps(
            as_dict(catalogue(), species)
            | {
                "sections": {
                    language: [
                        {"key": section.key, "heading": section.heading, "lines": section.lines}
                        for section in card(catalogue(), species, language)
                    ]
                    for language in LANGUAGES
                },
                "countries": {code: _text(catalogue().countries[code]) for code in countries},
                "reference": {
                    nutrient: {"value": value, "unit": UNITS[nutrient]}
                    for nutrient, value in NUTRIENT_REFERENCE_VALUES.items()
                },
            }
        )
    )
    return plain_values


def summary(species: Species) -> Json:
    """What a list shows of a species."""
    season = species.season
    return {
        "id": species.id,
        "name": _text(species.name),
        "plural": _text(species.plural),
        "latin": species.latin,
        "kind": species.kind,
        "season": None if season is None else {"months": list(season.months), "imported": season.imported},
        "varieties": [_variety(variety) for variety in species.varieties],
    }


def summaries(month: int | None = None, kind: str | None = None) -> list[Json]:
    """All species, or those in season in ``month`` (1 to 12), or of one kind."""
    return [
        summary(species)
        for species in catalogue().values()
        if (month is None or (species.season is not None and month in species.season.months))
        and (kind is None or species.kind == kind)
    ]


@lru_cache(maxsize=1)
def everything() -> tuple[bytes, str]:
    """Every species as one JSON document, and the hash that names this version of it."""
    cards = {id_: full(id_) for id_ in catalogue()}
    version = hashlib.sha256(json.dumps(cards, sort_keys=True).encode()).hexdigest()[:16]
    return json.dumps({"version": version, "species": cards}, ensure_ascii=False).encode(), version


@lru_cache(maxsize=1024)
def search(query: str, limit: int) -> tuple[Json, ...]:
    """Species and varieties whose names are, begin with, hold or resemble ``query``, best first, each species once."""
    wanted = plain(query)
    if not wanted:
        return ()
    best: dict[str, tuple[float, str, Variety | None]] = {}
    for name, id_, variety in _names():
        score = _score(wanted, name) * (_VARIETY_WEIGHT if variety else 1.0)
        if score and (id_ not in best or score > best[id_][0]):
            best[id_] = (score, name, variety)
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], len(item[1][1]), item[0]))[:limit]
    return tuple(_result(catalogue()[id_], variety, score) for id_, (score, _, variety) in ranked)


def variety_exists(species: str, variety: str) -> bool:
    """Whether ``species`` has this variety."""
    return any(one.id == variety for one in catalogue()[species].varieties)


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, str, Variety | None], ...]:
    rows: list[tuple[str, str, Variety | None]] = []
    for species in catalogue().values():
        own = {species.id, species.latin}
        for language in LANGUAGES:
            own |= {species.name[language], species.plural[language], *species.aliases[language]}
        rows += [(plain(name), species.id, None) for name in sorted(own)]
        for variety in species.varieties:
            shown = {variety.name[language] for language in LANGUAGES}
            shown |= {f"{species.name[language]} {variety.name[language]}" for language in LANGUAGES}
            rows += [(plain(name), species.id, variety) for name in sorted(shown)]
    return tuple(rows)


def _score(wanted: str, name: str) -> float:
    if name == wanted:
        return _WHOLE
    if name.startswith(wanted):
        return _BEGINS
    if f" {wanted}" in name:
        return _WORD
    if len(wanted) >= 3 and wanted in name:
        return _PIECE
    if len(wanted) < 3:
        return 0.0
    likeness = max(_likeness(wanted, name), _likeness(wanted, name[: len(wanted)]))
    return likeness * _LIKENESS_WEIGHT if likeness >= _CLOSE else 0.0


def _likeness(wanted: str, name: str) -> float:
    matcher = SequenceMatcher(None, wanted, name, autojunk=False)
    if matcher.real_quick_ratio() < _CLOSE or matcher.quick_ratio() < _CLOSE:
        return 0.0
    return matcher.ratio()


def _result(species: Species, variety: Variety | None, score: float) -> Json:
    return {
        "id": species.id,
        "name": _text(species.name),
        "latin": species.latin,
        "kind": species.kind,
        "variety": None if variety is None else _variety(variety),
        "score": round(score, 4),
    }


def _variety(variety: Variety) -> Json:
    return {"id": variety.id, "name": _text(variety.name)}


def _text(text: Any) -> Json:
    return {"en": text.en, "fr": text.fr}
