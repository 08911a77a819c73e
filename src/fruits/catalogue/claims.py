"""What a species' figures allow to say of it in the European Union: computed, never written by hand.

"Source of" a vitamin or mineral: at least 15 % of its nutrient reference value per 100 g (Regulation (EU) 1169/2011,
Annex XIII); "rich in": twice that; "source of fibre": 3 g per 100 g or 1.5 g per 100 kcal; "rich in fibre": 6 g or 3 g
(Regulation (EC) 1924/2006, Annex). No other claim is made anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fruits.catalogue.models import Nutrition

# Regulation (EU) 1169/2011, Annex XIII, part A, point 1; the units are those of ``nutrients.UNITS``.
NUTRIENT_REFERENCE_VALUES = {
    "vitamin_a": 800.0,
    "vitamin_c": 80.0,
    "vitamin_k": 75.0,
    "folate": 200.0,
    "potassium": 2000.0,
    "magnesium": 375.0,
}
SIGNIFICANT_PERCENT = 15.0
FIBRE_PER_100_G = 3.0
FIBRE_PER_100_KCAL = 1.5
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that the figures allow; ``percent`` of the reference value per 100 g, ``None`` for fibre."""

    nutrient: str
    level: Literal["source", "rich"]
    percent: float | None


def claims(nutrition: Nutrition | None) -> tuple[Claim, ...]:
    """The claims that ``nutrition`` allows, "rich in" before "source of", each nutrient once."""
    if nutrition is None:
        return ()
    found = [*_vitamins_and_minerals(nutrition), *_fibre(nutrition)]
    return tuple(sorted(found, key=lambda claim: (claim.level != "rich", -(claim.percent or 0.0))))


def _vitamins_and_minerals(nutrition: Nutrition) -> Iterator[Claim]:
    for nutrient, reference in NUTRIENT_REFERENCE_VALUES.items():
        value = nutrition.exact(nutrient)
        if value is None:
            continue
        percent = 100.0 * value / reference
        if percent + ROUNDING >= SIGNIFICANT_PERCENT:
            rich = percent + ROUNDING >= 2 * SIGNIFICANT_PERCENT
            yield Claim(nutrient, "rich" if rich else "source", percent)


def _fibre(nutrition: Nutrition) -> Iterator[Claim]:
    fibre, energy = nutrition.exact("fibre"), nutrition.exact("energy_kcal")
    if fibre is None:
        return
    times = fibre / FIBRE_PER_100_G
    if energy:
        times = max(times, 100.0 * fibre / energy / FIBRE_PER_100_KCAL)
    if times + ROUNDING >= 1:
        yield Claim("fibre", "rich" if times + ROUNDING >= 2 else "source", None)
