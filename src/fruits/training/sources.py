"""The labelled photos that a bundle is trained on and measured with: one reader for each layout of folder.

A *source* is one collection of photos with its own look: one photographer's table, one web search, one shop. What a
model is worth on a source that it never saw is the only honest estimate of what it is worth to a user, so every
example says which source it is from.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fruits.training.errors import TrainingError

IMAGES = (".jpg", ".jpeg", ".png", ".webp")

Box = tuple[float, float, float, float]
"""x, y, width, height of one fruit, as fractions of the picture's width and height."""


@dataclass(frozen=True)
class Example:
    """One labelled photo.

    species: the catalogue's id; empty where the photo shows no produce. variety: empty where it is not known. label:
    the source's own name of the class. split: ``train`` or ``test`` as the source divides itself (``train`` where it
    does not). state: ``Raw`` or ``Ripe`` where the source tells them apart.
    """

    path: Path
    source: str
    split: str
    label: str
    species: str
    variety: str
    boxes: tuple[Box, ...] = ()
    state: str = ""


Labels = dict[tuple[str, str], tuple[str, str]]


def read_sources(data: Path, without: Iterable[str] = ()) -> list[Example]:
    """Every labelled photo under a data folder, in a fixed order; raises ``TrainingError``.

    data: a folder with ``labels.csv`` (dataset, label, species, variety) and a folder per source; a source whose folder
    is absent is left out, as are those named in ``without``.
    """
    labels = _read_labels(data / "labels.csv")
    left_out = set(without)
    unknown = left_out - set(READERS)
    if unknown:
        raise TrainingError(f"There is no source {', '.join(sorted(unknown))}; there are {', '.join(READERS)}.")
    examples: list[Example] = []
    for source, read in READERS.items():
        folder = data / source
        if source not in left_out and folder.is_dir():
            examples.extend(read(folder, labels))
    if not examples:
        raise TrainingError(f"{data} holds none of the sources {', '.join(READERS)}: give the folder with --data.")
    return examples


def read_collected(folder: Path) -> list[Example]:
    """Photos as ``fruits collect`` keeps them: one folder per species, ``credits.csv`` beside; source ``collected``."""
    return [
        Example(path, "collected", "train", path.parent.name, path.parent.name, "")
        for path in _pictures(folder)
        if path.parent.parent == folder
    ]


def _read_labels(path: Path) -> Labels:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return {(row["dataset"], row["label"]): (row["species"], row["variety"]) for row in rows}
    except (OSError, KeyError, ValueError) as cause:
        raise TrainingError(f"{path} cannot be read as the table of labels: {cause}.") from cause


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGES)


def _named(path: Path, source: str, split: str, label: str, labels: Labels, boxes: tuple[Box, ...] = ()) -> Example:
    try:
        species, variety = labels[source, label]
    except KeyError as cause:
        raise TrainingError(f"labels.csv has no line for {source}, {label!r}, the label of {path}.") from cause
    return Example(path, source, split, label, species, variety, boxes)


def _fruits_360(folder: Path, labels: Labels) -> Iterator[Example]:
    for part, split in (("Training", "train"), ("Test", "test")):
        for path in _pictures(folder / part):
            yield _named(path, folder.name, split, path.parent.name, labels)


def _grocery_store(folder: Path, labels: Labels) -> Iterator[Example]:
    for part, split in (("train", "train"), ("val", "test")):
        for path in _pictures(folder / part):
            yield _named(path, folder.name, split, path.parent.name, labels)


def _boxed(folder: Path, labels: Labels) -> Iterator[Example]:
    """A folder with COCO-like ``annotations.json``; the label is the commonest box's, photos without a box are out."""
    try:
        notes = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
        names = {entry["id"]: str(entry["name"]) for entry in notes["categories"]}
        boxes: dict[int, list[tuple[str, list[float]]]] = defaultdict(list)
        for entry in notes["annotations"]:
            boxes[entry["image_id"]].append((names[entry["category_id"]], entry["bbox"]))
        images = [(entry["id"], entry["file_name"], entry["width"], entry["height"]) for entry in notes["images"]]
    except (OSError, KeyError, ValueError) as cause:
        raise TrainingError(f"{folder}/annotations.json cannot be read: {cause}.") from cause
    for number, name, width, height in images:
        if found := boxes[number]:
            main = Counter(label for label, _ in found).most_common(1)[0][0]
            own = tuple(
                (x / width, y / height, w / width, h / height) for label, (x, y, w, h) in found if label == main
            )
            yield _named(folder / "images" / name, folder.name, "train", main, labels, own)


def _folder_per_label(folder: Path, labels: Labels) -> Iterator[Example]:
    for path in _pictures(folder):
        label, *below = path.relative_to(folder).parts[:-1]
        yield replace(_named(path, folder.name, "train", label, labels), state=below[0] if below else "")


def _one_label(folder: Path, labels: Labels) -> Iterator[Example]:
    [label] = [name for source, name in labels if source == folder.name]
    return (_named(path, folder.name, "train", label, labels) for path in _pictures(folder))


# File names of several-fruits that name a single species, without their numbers; the others show a mixture.
_WORDS = {
    "apple": "apple", "bananas(lady_finger)": "banana", "cactus fruits": "prickly-pear", "cherries": "cherry",
    "cherries(rainier)": "cherry", "cherry": "cherry", "cherry(rainier)": "cherry", "cherries_wax": "cherry-plum",
    "chestnut": "chestnut", "huckleberry": "huckleberry", "kachi": "persimmon", "limes": "lime", "lychee": "lychee",
    "mango": "mango", "mangos": "mango", "physalis": "physalis", "pomegranate": "pomegranate",
    "raspberries": "raspberry", "raspberry": "raspberry", "salak": "salak", "strawberries": "strawberry",
    "tangelo": "tangelo",
}  # fmt: skip


def _several_fruits(folder: Path, labels: Labels) -> Iterator[Example]:
    del labels
    for path in _pictures(folder):
        if species := _WORDS.get(re.sub(r"\d+$", "", path.stem.lower())):
            yield Example(path, folder.name, "train", species, species, "")


READERS: dict[str, Callable[[Path, Labels], Iterator[Example]]] = {
    "fruits-360": _fruits_360,
    "grocery-store": _grocery_store,
    "web-produce-a": _boxed,
    "web-produce-b": _boxed,
    "ripeness": _folder_per_label,
    "plates": _folder_per_label,
    "dates": _one_label,
    "orchard-pear": _boxed,
    "orchard-apple": _boxed,
    "several-fruits": _several_fruits,
    "clothing": _one_label,
}
