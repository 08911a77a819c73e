"""A bundle: one ONNX file and, beside it, the card that says what is in it. Both are checked before they are used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fruits.engine.errors import EngineError

FORMAT = 1
"""Version of the contract between bundle and program: raise it when inputs, outputs or the meaning of one change."""

DIMENSIONS = 1280
"""Length of the embedding, in every bundle of this format."""

LARGEST = 10 * 10**6
"""Bytes a bundle may have: it travels to phones."""

RELEASED = "fruits-2"


class BundleError(EngineError):
    """A bundle that is not there, not whole, or not of this program's format."""

    exit_code = 2


@dataclass(frozen=True)
class Thresholds:
    """From which value on (0 to 1) the answer is sure, shows produce, and names the variety."""

    sure: float
    produce: float
    variety: float


@dataclass(frozen=True)
class Card:
    """What a program needs to know of a bundle; ``raw`` is the whole card, with measures and credits.

    size: side of the square input in pixels. species: catalogue ids in the order of the output. varieties: (species,
    variety) in the order of the output. sha256: of the ONNX file.
    """

    name: str
    size: int
    species: tuple[str, ...]
    varieties: tuple[tuple[str, str], ...]
    thresholds: Thresholds
    sha256: str
    raw: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A checked bundle: where it lies, its card, and the bytes of its graph."""

    path: Path
    card: Card
    graph: bytes


def released() -> Path:
    """Path of the released bundle's ONNX file in the package."""
    return Path(str(files("fruits.engine") / "models" / f"{RELEASED}.onnx"))


def card_path(path: Path) -> Path:
    """Where the card of a bundle lies: beside it, with the ending ``.json``."""
    return path.with_suffix(".json")


def load_bundle(path: Path | None = None) -> Bundle:
    """Read and check a bundle; None is the released one. Raises ``BundleError``, whose message names the file."""
    path = released() if path is None else path
    card = read_card(path)
    try:
        graph = path.read_bytes()
    except OSError as cause:
        raise BundleError(f"The bundle {path} cannot be read: {cause.strerror or cause}.") from cause
    digest = hashlib.sha256(graph).hexdigest()
    if digest != card.sha256:
        expected = card.raw.get("bytes")
        short = f"it has {len(graph):,} of {expected:,} bytes" if isinstance(expected, int) else "its hash differs"
        why = short if len(graph) != expected else "its hash differs from the card's"
        raise BundleError(f"The bundle {path} is damaged or of another version: {why}. Get it again.")
    return Bundle(path, card, graph)


def read_card(path: Path) -> Card:
    """The card beside a bundle's ONNX file; raises ``BundleError``."""
    place = card_path(path)
    if not path.is_file():
        raise BundleError(f"There is no bundle {path}: give the path of its .onnx file.")
    try:
        raw = json.loads(place.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise BundleError(
                f"The bundle {path} has the format {raw['format']}, this program reads {FORMAT}: "
                "use a bundle or a program of the other's version."
            )
        return Card(
            name=str(raw["name"]),
            size=int(raw["size"]),
            species=tuple(map(str, raw["species"])),
            varieties=tuple((str(species), str(variety)) for species, variety in raw["varieties"]),
            thresholds=Thresholds(**{name: float(value) for name, value in raw["thresholds"].items()}),
            sha256=str(raw["sha256"]),
            raw=raw,
        )
    except FileNotFoundError as cause:
        raise BundleError(f"The bundle {path} lacks its card: {place.name} must lie beside it.") from cause
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise BundleError(f"The card {place} cannot be read: {type(cause).__name__}: {cause}.") from cause
