"""Makes probabilities mean what they say, on photos of sources that the network did not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fruits.training.errors import TrainingError
from fruits.training.export import LEAST_PROBABILITY, Calibration
from fruits.training.measures import Measures, measure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(5), 120))
RIGHT_WHEN_SURE = 0.92
FALSE_SURE = 0.05
KEPT_PRODUCE = 0.97


@dataclass(frozen=True)
class Predictions:
    """Logits of photos with what they show.

    species_logits: float [n, K]. produce_logit: float [n]. species: the right one, empty without produce. names: of the
    K.
    """

    species_logits: Floats
    produce_logit: Floats
    species: Sequence[str]
    names: Sequence[str]

    @property
    def goal(self) -> NDArray[np.intp]:
        """Index of the right species, -1 without produce [n]."""
        index = {name: position for position, name in enumerate(self.names)}
        return np.array([index.get(each, -1) for each in self.species])


def calibrate(predictions: Predictions) -> Calibration:
    """Temperature, the score "sure" and thresholds; raises ``TrainingError`` without photos to do it on."""
    goal = predictions.goal
    there = goal >= 0
    if there.sum() < 2 or (~there).sum() < 1:
        raise TrainingError("Calibration needs photos with and without produce, kept out of training.")
    temperature = _temperature(predictions.species_logits[there], goal[there])
    probabilities = softmax(predictions.species_logits / temperature)
    evidence = evidence_of(probabilities, predictions.produce_logit)
    right = probabilities.argmax(1) == goal
    coefficients = logistic(evidence, right, np.ones(len(right)))
    sure = _sigmoid(coefficients[0] + evidence @ coefficients[1:])
    produce = _sigmoid(predictions.produce_logit)
    produce_at = float(np.clip(np.quantile(produce[there], 1 - KEPT_PRODUCE), 0.05, 0.5))
    sure_at = _threshold(sure, right, there, produce >= produce_at)
    first, *others = (float(value) for value in coefficients)
    return Calibration(temperature, 1.0, (first, *others), sure_at, produce_at)  # type: ignore[arg-type]


def measures_of(predictions: Predictions, calibration: Calibration) -> Measures:
    """What the calibrated answers are worth on these photos."""
    goal = predictions.goal
    there = np.flatnonzero(goal >= 0)
    probabilities = softmax(predictions.species_logits[there] / calibration.temperature)
    order = np.argsort(-probabilities, axis=1)[:, :5]
    sure = said_sure(predictions, calibration)[there]
    ranked = [[predictions.names[int(index)] for index in row] for row in order]
    return measure([predictions.species[int(index)] for index in there], ranked, probabilities.max(1), sure)


def confusions(predictions: Predictions, most: int = 12) -> list[tuple[str, str, int, int]]:
    """The commonest mistakes: what it is, what comes first instead, how often, of how many photos of the first."""
    said = [predictions.names[int(index)] for index in predictions.species_logits.argmax(1)]
    pairs = [(right, first) for right, first in zip(predictions.species, said, strict=True) if right]
    photos = Counter(right for right, _ in pairs)
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    return [(right, first, count, photos[right]) for (right, first), count in wrong.most_common(most)]


def said_sure(predictions: Predictions, calibration: Calibration) -> NDArray[np.bool_]:
    """Whether each photo would be answered without "perhaps" [n]."""
    probabilities = softmax(predictions.species_logits / calibration.temperature)
    evidence = evidence_of(probabilities, predictions.produce_logit)
    score = _sigmoid(calibration.sure[0] + evidence @ np.array(calibration.sure[1:]))
    return np.asarray((score >= calibration.sure_at) & (_sigmoid(predictions.produce_logit) >= calibration.produce_at))


def evidence_of(probabilities: Floats, produce_logit: Floats) -> Floats:
    """Log odds of the first species, its lead over the second (logarithm), log odds of produce: float [n, 3]."""
    best = np.sort(probabilities, axis=1)[:, ::-1][:, :2].clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds = np.log(best[:, 0]) - np.log(1 - best[:, 0])
    return np.stack([odds, np.log(best[:, 0]) - np.log(best[:, 1]), produce_logit], axis=1)


def softmax(logits: Floats) -> Floats:
    """Row by row."""
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True))


def logistic(evidence: Floats, right: NDArray[np.bool_], weight: Floats, penalty: float = 1.0) -> Floats:
    """Bias and coefficients of a weighted logistic regression, by Newton's method: float [1 + columns]."""
    design = np.concatenate([np.ones((len(evidence), 1)), evidence], axis=1)
    ridge = np.diag([0.0, *[penalty] * evidence.shape[1]])
    coefficients = np.zeros(design.shape[1])
    for _ in range(50):
        chance = _sigmoid(design @ coefficients)
        slope = design.T @ (weight * (right - chance)) - ridge @ coefficients
        curve = (design * (weight * chance * (1 - chance))[:, None]).T @ design + ridge + 1e-9 * np.eye(len(ridge))
        step = np.linalg.solve(curve, slope)
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-8:
            break
    return coefficients


def _temperature(logits: Floats, goal: NDArray[np.intp]) -> float:
    """The temperature with the least log loss."""
    rows = np.arange(len(goal))
    losses = [-np.log(softmax(logits / each)[rows, goal] + 1e-12).sum() for each in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _threshold(sure: Floats, right: Flags, there: Flags, produce: Flags) -> float:
    """The least score from which enough is right and little without produce passes."""
    for score in np.linspace(0.3, 0.99, 70):
        passed = (sure >= score) & produce
        own = right[passed & there]
        if len(own) and own.mean() >= RIGHT_WHEN_SURE and passed[~there].mean() <= FALSE_SURE:
            return float(score)
    return 0.99


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))))
