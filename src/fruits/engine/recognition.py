"""From the numbers of the graph to the answer for one photo; the browser's code follows the same rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fruits.engine.bundle import Card

TOP = 5


@dataclass(frozen=True)
class Candidate:
    """One species it may be. variety: the likeliest of that species, None if it has none. probability: 0 to 1."""

    species: str
    variety: str | None
    probability: float


@dataclass(frozen=True)
class Recognition:
    """The answer for one photo.

    species: the first candidate's. variety: only when it is sure enough to be named. confidence: the first
    candidate's probability, 0 to 1, calibrated. sure: whether the species may be told without "perhaps". produce:
    probability that the photo shows produce at all, 0 to 1; is_produce: whether that is enough. candidates: in falling
    order. model: name of the bundle.
    """

    species: str
    variety: str | None
    confidence: float
    sure: bool
    produce: float
    is_produce: bool
    candidates: tuple[Candidate, ...]
    model: str

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dictionaries, for JSON."""
        return asdict(self) | {"candidates": [asdict(each) for each in self.candidates]}


def interpret(outputs: dict[str, NDArray[np.float32]], card: Card, top: int = TOP) -> Recognition:
    """The answer that one row of the graph's outputs means.

    outputs: ``species`` [K], ``variety`` [V], ``produce`` [] and ``sure`` [], float32. top: candidates, at least 1.
    """
    species, variety = outputs["species"], outputs["variety"]
    order = np.argsort(-species, kind="stable")[: max(1, top)]
    candidates = tuple(
        Candidate(card.species[index], _likeliest(card.species[index], variety, card), float(species[index]))
        for index in order
    )
    first = candidates[0]
    produce = float(outputs["produce"])
    is_produce = produce >= card.thresholds.produce
    sure = is_produce and float(outputs["sure"]) >= card.thresholds.sure
    named = first.variety
    if named is not None:
        chance = float(variety[card.varieties.index((first.species, named))])
        named = named if sure and chance >= card.thresholds.variety else None
    return Recognition(first.species, named, first.probability, sure, produce, is_produce, candidates, card.name)


def _likeliest(species: str, variety: NDArray[np.float32], card: Card) -> str | None:
    own = [index for index, (of, _) in enumerate(card.varieties) if of == species]
    return card.varieties[max(own, key=lambda index: float(variety[index]))][1] if own else None
