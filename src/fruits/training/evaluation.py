"""A bundle against labelled photos: the laboratory's, and those that people really take."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fruits.engine import Recogniser, Recognition
from fruits.training.errors import TrainingError
from fruits.training.measures import Measures, measure, reliability
from fruits.training.sources import IMAGES, Example, read_sources

LABORATORY = "fruits-360"


@dataclass(frozen=True)
class Answer:
    """What the bundle said of one labelled photo; ``recognition`` is None where the file was refused."""

    example: Example
    recognition: Recognition | None
    error: str | None

    @property
    def right(self) -> bool:
        """Whether the first candidate is the right species."""
        return self.recognition is not None and self.recognition.species == self.example.species


@dataclass(frozen=True)
class Evaluation:
    """All answers, with the model's name and the species it can say."""

    model: str
    known: frozenset[str]
    trained_on: frozenset[str]
    answers: tuple[Answer, ...]

    def sets(self) -> dict[str, list[Answer]]:
        """Answers by source, in a fixed order."""
        found: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            found[answer.example.source].append(answer)
        return dict(sorted(found.items()))

    def measures(self, answers: Iterable[Answer]) -> Measures:
        """Measures of the photos whose species the model can say."""
        chosen = [each for each in answers if each.recognition is not None and each.example.species in self.known]
        said = [each.recognition for each in chosen if each.recognition is not None]
        return measure(
            [each.example.species for each in chosen],
            [[candidate.species for candidate in each.candidates] for each in said],
            np.array([each.confidence for each in said]),
            np.array([each.sure for each in said], bool),
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything but the pictures, for JSON."""
        sets = {}
        for source, answers in self.sets().items():
            entry: dict[str, Any] = {"kind": "laboratory" if source == LABORATORY else "wild"}
            entry["seen in training"] = source in self.trained_on
            entry |= self.measures(answers).as_dict()
            nothing = [each for each in answers if not each.example.species and each.recognition is not None]
            if nothing:
                entry["without produce"] = len(nothing)
                entry["without produce, called sure"] = round(np.mean([_sure(each) for each in nothing]), 4)
            entry |= _varieties(answers)
            unknown = {each.example.species for each in answers if each.example.species} - self.known
            if unknown:
                entry["species the model cannot say"] = sorted(unknown)
            entry["refused"] = sum(each.recognition is None for each in answers)
            sets[source] = entry
        return {"model": self.model, "sets": sets}

    def reliability(self) -> list[tuple[float, float, int]]:
        """Of the wild photos: confidence, share right and number, bin by bin."""
        wild = [
            each
            for each in self.answers
            if each.recognition is not None and each.example.source != LABORATORY and each.example.species in self.known
        ]
        confidence = np.array([each.recognition.confidence for each in wild if each.recognition is not None])
        return reliability(confidence, np.array([each.right for each in wild], bool)) if wild else []

    def confusions(self, most: int = 20) -> list[tuple[str, str, int]]:
        """The commonest mistakes on wild photos: what it is, what was said, how often."""
        pairs = Counter(
            (each.example.species or "no produce", each.recognition.species)
            for each in self.answers
            if each.recognition is not None
            and each.example.source != LABORATORY
            and (each.example.species in self.known and not each.right)
        )
        return [(right, said, count) for (right, said), count in pairs.most_common(most)]

    def worst(self, most: int = 36) -> list[Answer]:
        """The mistakes made with most confidence, sure ones first; the wild before the laboratory's."""
        wrong = [each for each in self.answers if each.recognition is not None and not each.right]
        wrong = [each for each in wrong if each.example.species in self.known or _sure(each)]
        key = lambda each: (each.example.source == LABORATORY, not _sure(each), -each.recognition.confidence)  # noqa: E731
        return sorted(wrong, key=key)[:most]


def _varieties(answers: Iterable[Answer]) -> dict[str, float]:
    """Of photos whose variety is known: how often one is named, and how often that is right."""
    known = [each for each in answers if each.example.variety and each.recognition is not None]
    named = [each for each in known if each.recognition is not None and each.recognition.variety]
    if not named:
        return {}
    right = [each.recognition is not None and each.recognition.variety == each.example.variety for each in named]
    return {
        "variety named": round(len(named) / len(known), 4),
        "variety right when named": round(float(np.mean(right)), 4),
    }


def _sure(answer: Answer) -> bool:
    return answer.recognition is not None and answer.recognition.sure


def evaluate(
    recogniser: Recogniser, examples: Sequence[Example], threads: int, report: Callable[[int, int], None] | None = None
) -> Evaluation:
    """Let the bundle answer every example."""
    answers = []
    outcomes = recogniser.identify_many([each.path for each in examples], threads)
    for number, (example, outcome) in enumerate(zip(examples, outcomes, strict=True), 1):
        answers.append(Answer(example, outcome.recognition, outcome.error))
        if report is not None:
            report(number, len(examples))
    trained = recogniser.card.raw.get("training", {}).get("sources", {})
    return Evaluation(recogniser.card.name, frozenset(recogniser.card.species), frozenset(trained), tuple(answers))


def examples_of(data: Path, labels: Path | None) -> list[Example]:
    """Photos to measure with.

    With ``labels``, a CSV of ``path`` (relative to ``data``) and ``species``, those; where ``data`` holds
    ``labels.csv`` as the training data does, what its sources keep for testing and all of sources that divide nothing;
    else a folder per species. Raises ``TrainingError``.
    """
    if labels is not None:
        return _listed(data, labels)
    if (data / "labels.csv").is_file():
        divided = {"fruits-360", "grocery-store"}
        found = read_sources(data)
        return [each for each in found if each.source not in divided or each.split == "test"]
    examples = [
        Example(path, data.name, "test", path.parent.name, path.parent.name, "")
        for path in sorted(data.rglob("*"))
        if path.suffix.lower() in IMAGES
    ]
    if not examples:
        raise TrainingError(f"{data} holds no photos: give a folder with one folder per species.")
    return examples


def _listed(data: Path, labels: Path) -> list[Example]:
    try:
        with labels.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return [
            Example(data / row["path"], row.get("dataset") or data.name, "test", row["species"], row["species"], "")
            for row in rows
        ]
    except (OSError, KeyError, ValueError) as cause:
        raise TrainingError(f"{labels} cannot be read: it needs the columns path and species ({cause}).") from cause
