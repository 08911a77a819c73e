"""The bundles of one machine: the released one of the package and those kept in a folder, one of them in use."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fruits.engine.bundle import BundleError, Card, card_path, load_bundle, read_card, released

_NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_IN_USE = "in-use"
_MEASURES = "measures"


@dataclass(frozen=True)
class Entry:
    """One line of the list of bundles. place: ``in the package`` or ``kept``. in_use: what ``identify`` takes."""

    card: Card
    path: Path
    place: str
    in_use: bool


class Registry:
    """Bundles by name. The history of what was in use is kept, so that a promotion can be taken back."""

    def __init__(self, folder: Path) -> None:
        """folder: where bundles are kept beside the package's; it need not exist yet."""
        self._folder = folder

    def entries(self) -> list[Entry]:
        """The package's bundle first, then those kept, by name. Unreadable ones raise ``BundleError``."""
        chosen = self.current()
        paths = [released(), *sorted(self._folder.glob("*.onnx"))]
        places = ["in the package", *["kept"] * (len(paths) - 1)]
        return [Entry(read_card(path), path, place, path == chosen) for path, place in zip(paths, places, strict=True)]

    def find(self, name: str) -> Path:
        """The path of a bundle by name, or ``name`` itself where it is a path; raises ``BundleError``."""
        if name.endswith(".onnx"):
            return Path(name)
        known = {path.stem: path for path in (*self._folder.glob("*.onnx"), released())}
        if name not in known:
            raise BundleError(
                f"There is no bundle {name!r}; there are {', '.join(sorted(known))}. See fruits models list."
            )
        return known[name]

    def current(self) -> Path:
        """The path of the bundle in use: the last one promoted that is still there, else the package's."""
        for name in reversed(self._history()):
            path = released() if name == released().stem else self._folder / f"{name}.onnx"
            if path.is_file():
                return path
        return released()

    def use(self, name: str) -> Path:
        """Promote a bundle, after checking that it is whole; one given by path is copied into the folder."""
        path = self.find(name)
        card = load_bundle(path).card
        if path.parent != self._folder and path != released():
            path = self._keep(path, card.name)
        self._write([*self._history(), path.stem])
        return path

    def roll_back(self) -> Path:
        """Take the last promotion back; returns what is in use then. Raises ``BundleError`` if there was none."""
        history = self._history()
        if not history:
            raise BundleError("Nothing was promoted here: the package's bundle is in use.")
        self._write(history[:-1])
        return self.current()

    def _keep(self, path: Path, name: str) -> Path:
        if not _NAME.fullmatch(name) or name == released().stem:
            raise BundleError(f"{name!r} cannot name a kept bundle: change it in {card_path(path)}.")
        target = self._folder / f"{name}.onnx"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(card_path(path), card_path(target))
            shutil.copyfile(path, target)
        except OSError as cause:
            raise BundleError(f"The bundle cannot be kept in {self._folder}: {cause.strerror or cause}.") from cause
        return target

    def _history(self) -> list[str]:
        try:
            return (self._folder / _IN_USE).read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []
        except OSError as cause:
            raise BundleError(f"{self._folder / _IN_USE} cannot be read: {cause.strerror or cause}.") from cause

    def _write(self, history: list[str]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _IN_USE).write_text("\n".join(history) + "\n", encoding="utf-8")
        except OSError as cause:
            raise BundleError(f"{self._folder / _IN_USE} cannot be written: {cause.strerror or cause}.") from cause


def compare(first: Card, second: Card) -> list[tuple[str, Any, Any]]:
    """What two cards say, side by side: name of the measure, first's value, second's; None where a card lacks it."""
    lines: list[tuple[str, Any, Any]] = [
        ("input, pixels", first.size, second.size),
        ("bytes", first.raw.get("bytes"), second.raw.get("bytes")),
        ("species", len(first.species), len(second.species)),
        ("varieties", len(first.varieties), len(second.varieties)),
    ]
    left, right = _flat(first.raw.get(_MEASURES, {})), _flat(second.raw.get(_MEASURES, {}))
    return lines + [(name, left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right])]


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    lines: dict[str, Any] = {}
    for name, value in values.items():
        lines |= _flat(value, f"{before}{name}: ") if isinstance(value, dict) else {before + name: value}
    return lines
