"""Say which fruit is on a photo, and say so when it is not sure.

Exit code 1 if any photo failed; the others are answered all the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fruits.catalogue import Catalogue, Language
    from fruits.engine import Outcome, Recognition

WORDS = {
    "en": {"perhaps": "perhaps {}", "or": " or ", "none": "no fruit seen", "variety": "{} ({})"},
    "fr": {"perhaps": "peut-être {}", "or": " ou ", "none": "pas de fruit en vue", "variety": "{} ({})"},
}
NEAR = 0.5  # a second candidate is worth a word from this share of the first one's probability on


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("photos", metavar="PHOTO", nargs="+", help="image files")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="how many candidates to give (5)")
    parser.add_argument("--lang", choices=("en", "fr"), help="language of the answer (that of the terminal, else en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object per photo, in the order given")
    parser.add_argument("--model", metavar="NAME|FILE", help="a bundle (the one in use: see fruits models)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="photos at a time (1)")


def run(arguments: argparse.Namespace) -> int:
    """Recognise and print; return 1 if any photo failed."""
    from fruits.catalogue import Catalogue
    from fruits.cli.settings import model_folder
    from fruits.cli.terminal import language
    from fruits.engine import Recogniser
    from fruits.engine.registry import Registry

    if arguments.top < 1 or arguments.threads < 1:
        print("fruits identify: --top and --threads must be at least 1", file=sys.stderr)
        return 2
    registry = Registry(model_folder())
    recogniser = Recogniser.load(registry.find(arguments.model) if arguments.model else registry.current())
    speaker = None if arguments.json else _Speaker(Catalogue.load(), arguments.lang or language())
    paths = [Path(photo) for photo in arguments.photos]
    failed = False
    for outcome in recogniser.identify_many(paths, arguments.threads, arguments.top):
        failed |= outcome.error is not None
        if speaker is None:
            print(json.dumps(_as_json(outcome, recogniser.card.name)), flush=True)
        elif outcome.recognition is None:
            print(f"{outcome.path}: {outcome.error}", file=sys.stderr, flush=True)
        else:
            print(f"{outcome.path}: {speaker.say(outcome.recognition)}", flush=True)
    return int(failed)


def _as_json(outcome: Outcome, model: str) -> dict[str, object]:
    """The object of one photo; the same keys whether it was recognised or failed."""
    empty: dict[str, object] = {"species": None, "variety": None, "confidence": None, "sure": False}
    empty |= {"produce": None, "is_produce": False, "candidates": [], "model": model}
    known = empty if outcome.recognition is None else outcome.recognition.as_dict()
    return {"path": outcome.path} | known | {"error": outcome.error}


class _Speaker:
    """Puts a recognition into a sentence of one language."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue, self._language = catalogue, language
        self._words = WORDS[language]

    def say(self, recognition: Recognition) -> str:
        """``pear (Conference) 81 %``, ``perhaps a pear 41 % or a quince 30 %``, or that no fruit is seen."""
        first, *rest = recognition.candidates
        if not recognition.is_produce:
            return self._words["none"]
        if recognition.sure:
            name = self._name(first.species)
            if recognition.variety is not None:
                name = self._words["variety"].format(name, self._variety(first.species, recognition.variety))
            return f"{name} {_percent(first.probability)}"
        near = [each for each in rest[:2] if each.probability >= NEAR * first.probability]
        told = [f"{self._name(each.species)} {_percent(each.probability)}" for each in (first, *near)]
        return self._words["perhaps"].format(self._words["or"].join(told))

    def _name(self, species: str) -> str:
        return str(getattr(self._catalogue[species].name, self._language)) if species in self._catalogue else species

    def _variety(self, species: str, variety: str) -> str:
        if species in self._catalogue:
            for each in self._catalogue[species].varieties:
                if each.id == variety:
                    return str(getattr(each.name, self._language))
        return variety


def _percent(probability: float) -> str:
    return f"{probability:.0%}".replace("%", " %")
