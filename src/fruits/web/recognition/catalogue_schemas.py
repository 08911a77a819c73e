"""What the catalogue's operations send."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field

from fruits.catalogue import Claim, models

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class TextOut(Schema):
    """Words in both languages."""

    en: str
    fr: str


class VarietyOut(Schema):
    """A variety of a species."""

    id: str
    name: TextOut


class SeasonOut(Schema):
    """Months 1 to 12 on French stalls."""

    months: list[int]
    imported: bool


class SpeciesSummary(Schema):
    """What a list shows of a species."""

    id: str
    name: TextOut
    plural: TextOut
    latin: str
    kind: str
    season: SeasonOut | None
    varieties: list[VarietyOut]


class SearchResult(Schema):
    """A species, or a variety of it, that a search found."""

    id: str
    name: TextOut
    latin: str
    kind: str
    variety: VarietyOut | None
    score: Probability


class SearchOut(Schema):
    """What a search found, best first."""

    query: str
    results: list[SearchResult]


class SectionOut(Schema):
    """A part of a card: a heading and (label, words) lines; an empty label is a line of its own."""

    key: str
    heading: str
    lines: list[tuple[str, str]]


class SectionsOut(Schema):
    """The card's parts, ready to read, in both languages."""

    en: list[SectionOut]
    fr: list[SectionOut]


class ReferenceOut(Schema):
    """A nutrient reference value of the European Union, per day."""

    value: float
    unit: str


class SpeciesOut(Schema):
    """All that the catalogue knows of one species, as `fruits info --json`, with ready sentences."""

    id: str
    name: TextOut
    plural: TextOut
    aliases: dict[str, list[str]]
    latin: str
    family: str
    kind: models.Kind
    look_alikes: list[str]
    varieties: list[models.Variety]
    note: TextOut | None
    nutrition: models.Nutrition | None
    nutrition_absent: TextOut | None
    shelf: models.Shelf | None
    storage: models.Storage | None
    home: models.Home | None
    ripening: models.Ripening | None
    ethylene: models.Ethylene | None
    ripe_when: models.SourcedText | None
    season: models.Season | None
    origin: models.SourcedText | None
    producers: models.Producers | None
    biodiversity: models.SourcedText
    cautions: list[models.Caution]
    claims: list[Claim]
    keep_apart: list[str]
    gaps: list[str]
    sources: dict[str, models.Source]
    sections: SectionsOut
    countries: dict[str, TextOut]
    reference: dict[str, ReferenceOut]


class CatalogueOut(Schema):
    """Every species by id, under the hash of it all."""

    version: str
    species: dict[str, SpeciesOut]
