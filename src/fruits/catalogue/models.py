"""The catalogue's types: what is known of one species, each fact with where it comes from.

Everything is frozen. An absent fact is ``None`` or an empty tuple, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

Kind = Literal["fruit", "vegetable", "root", "bulb", "nut", "mushroom"]
Bound = Literal["exact", "below", "traces"]
Place = Literal["refrigerator", "ripen first", "room", "room, then refrigerator"]
AfterPicking = Literal["ripens", "softens", "no"]
Level = Literal["very low", "low", "moderate", "high", "very high", "yes"]
CautionKind = Literal["oral", "latex", "nuts"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words in both languages: ``text["fr"]``."""

    en: str
    fr: str

    def __getitem__(self, language: Language) -> str:
        """The words in ``language``."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Source:
    """A publication: where it can be read, under which licence, with what remark."""

    id: str
    title: str
    address: str
    licence: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The id of the source of a fact and the words it rests on; textbook knowledge has no words."""

    source: str
    quote: str | None


@dataclass(frozen=True, slots=True)
class SourcedText:
    """A sentence in both languages, with its evidence."""

    text: Text
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Variety:
    """A variety of a species, as the labels name it."""

    id: str
    species: str
    name: Text


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity per 100 g of edible portion, with its table and the food's id there.

    ``bound`` is ``below`` when the table says "less than ``value``", ``traces`` when it says so (``value`` is then 0).
    """

    value: float
    unit: str
    source: str
    food_id: str
    bound: Bound = "exact"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a typical piece weighs, edible part, in grams; ``words`` are the table's own."""

    grams: float
    name: Text
    source: str
    food_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Nutrition:
    """Amounts by nutrient (the keys of ``UNITS``), per 100 g of edible portion, raw.

    Carbohydrate is available carbohydrate, without fibre. Vitamin A is in retinol equivalents. ``foods`` maps a
    source to the food's id and description there; ``doubts`` lists nutrients on which the tables differ by more
    than a factor of two: (nutrient, CIQUAL, USDA).
    """

    amounts: Mapping[str, Amount]
    foods: Mapping[str, tuple[str, str]]
    piece: Piece | None = None
    remark: Text | None = None
    doubts: tuple[tuple[str, float, float], ...] = ()

    def exact(self, nutrient: str) -> float | None:
        """The value of ``nutrient`` when the table gives one; 0 for traces or below a bound; ``None`` when absent."""
        amount = self.amounts.get(nutrient)
        if amount is None:
            return None
        return amount.value if amount.bound == "exact" else 0.0


@dataclass(frozen=True, slots=True)
class Life:
    """How long FoodKeeper keeps it in one place: days (low, high), or until ripe, or not advised."""

    days: tuple[int, int] | None = None
    words: Text | None = None
    until_ripe: bool = False
    advised: bool = True
    tip: Text | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """FoodKeeper's product and its lives at room temperature, in the refrigerator and in the freezer."""

    product: str
    product_id: int
    room: Life | None = None
    refrigerator: Life | None = None
    freezer: Life | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """The best storage of the trade: °C (low, high) and relative humidity in % (low, high)."""

    temperature: tuple[float, float]
    humidity: tuple[float, float] | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Home:
    """Where to put it at home."""

    place: Place
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ripening:
    """Whether it ripens once picked, and whether it is climacteric; ``None`` when the source does not say."""

    after_picking: AfterPicking | None
    climacteric: bool | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ethylene:
    """How much ethylene it gives off and how much it suffers from it; ``yes`` is a degree the source does not give."""

    gives_off: Level | None
    suffers: Level | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Season:
    """Months 1 to 12 on French stalls; ``imported`` when it does not grow in metropolitan France."""

    months: tuple[int, ...]
    imported: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Producers:
    """Main producing countries (ISO 3166 codes), first one first, and the year when the source gives it."""

    countries: tuple[str, ...]
    year: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Caution:
    """A well-established allergy: cross-reaction with a pollen (``oral``), with latex, or the nuts of EU law."""

    kind: CautionKind
    pollen: Literal["birch", "grass", "ragweed"] | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Species:
    """All that the catalogue knows of one species."""

    id: str
    name: Text
    plural: Text
    aliases: Mapping[Language, tuple[str, ...]]
    latin: str
    family: str
    kind: Kind
    look_alikes: tuple[str, ...]
    varieties: tuple[Variety, ...]
    note: Text | None
    nutrition: Nutrition | None
    nutrition_absent: Text | None
    shelf: Shelf | None
    storage: Storage | None
    home: Home | None
    ripening: Ripening | None
    ethylene: Ethylene | None
    ripe_when: SourcedText | None
    season: Season | None
    origin: SourcedText | None
    producers: Producers | None
    biodiversity: SourcedText
    cautions: tuple[Caution, ...]
