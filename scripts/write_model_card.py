# ruff: noqa: E501 - a page of prose and tables
"""Write docs/model-card.md from the released bundle's card: `python scripts/write_model_card.py [OUT]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fruits.catalogue import Catalogue
from fruits.engine import load_bundle

OUT = Path(__file__).parents[1] / "docs" / "model-card.md"
COLUMNS = ("photos", "species", "top1", "top5", "macro_top1", "sure_share", "sure_right", "error")
HEADS = (
    "photos",
    "species",
    "top 1",
    "top 5",
    "top 1, mean of species",
    "sure",
    "right when sure",
    "calibration error",
)


def table(sets: dict[str, Any]) -> str:
    """Measures, a line for each set of photos."""
    lines = ["| | " + " | ".join(HEADS) + " |", "|---" * (len(HEADS) + 1) + "|"]
    for name, entry in sets.items():
        if isinstance(entry, dict):
            lines.append(f"| {name} | " + " | ".join(_cell(entry.get(column)) for column in COLUMNS) + " |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def page() -> str:
    """The card as Markdown."""
    raw = load_bundle().card.raw
    training, measures = raw["training"], raw["measures"]
    unseen = measures["sources kept out of training"]
    seen = measures["unseen photos of sources seen in training"]
    absent = sorted(set(Catalogue.load()) - set(raw["species"]))
    sources = "\n".join(
        f"| {name} | {entry['photos']:,} | {entry.get('title', '')} | {entry.get('author', '')} | {entry['licence']} |"
        for name, entry in training["sources"].items()
    )
    mistakes = ", ".join(
        f"{right} taken for {said} ({count} of {photos})"
        for right, said, count, photos in unseen["commonest mistakes, all but unripe"]
    )
    cost = measures["linear head on ImageNet's embedding, by what is left out"]
    costs = "\n".join(f"| {name} | {of['top1']:.3f} | {of['top5']:.3f} |" for name, of in cost["left"].items())
    return f"""# The card of {raw["name"]}

Generated from the card beside the bundle (`fruits models show`); licence {raw["licence"]}; {raw["bytes"]:,} bytes; input
{raw["size"]} x {raw["size"]}, {raw["geometry"]}.

## What it is for

Naming fruit and vegetables on photos that people take: {len(raw["species"])} species, {len(raw["varieties"])} varieties. Not for deciding
what is safe to eat, and not for grading. Species of the catalogue that it cannot say: {", ".join(absent)}.

## On sources that it had not seen

Measured on a network trained without them; this is the estimate of what a user meets. "Raw" is unripe fruit, much of it
green and on the tree. Photos without produce called sure: {unseen["without produce, called sure"]:.3f}
(shop cartons kept out of training, drawn walls and noise).

{table(unseen)}

## On new photos of sources that it had seen

Fruits-360 is a laboratory: one specimen per class, turning on white.

{table(seen)}

Photos without produce called sure: {seen["grocery-store"].get("without produce, called sure", 0):.3f} of
{seen["grocery-store"].get("without produce", 0)} cartons. Varieties are named for {seen["grocery-store"].get("variety named", 0):.0%} of the shop's photos
and are then right for {seen["grocery-store"].get("variety right when named", 0):.0%}.

## Known failures

- Species of which training holds studio frames alone ({", ".join(training["species without a photo from outside the studio"])}):
  in the open they are often taken for something of the same colour and shape.
- Unripe fruit: see the line "Raw" above.
- The commonest mistakes on the sources kept out (unripe fruit aside): {mistakes}.
- `fruits evaluate NAME --data DIR --page mistakes.html` shows the worst mistakes on your photos, with the photos.

## Trained on

| source | photos | title | author | licence as its source states it |
|---|---|---|---|---|
{sources}

`ripeness` and `plates` state no formal licence; `fruits train --without ripeness --without plates` trains without them.
What that costs, told by a linear head on ImageNet's frozen embedding, on `{cost["source"]}`, which it never sees:

| left out | top 1 | top 5 |
|---|---|---|
{costs}

So little is lost on ripe fruit; the photos teach unripe fruit and cooked dishes, which that source does not show.

EfficientNet-Lite0's ImageNet weights (Apache-2.0) are where it starts. Commit {training["commit"]}, seeds
{", ".join(map(str, training["seeds"]))}: the mean of the weights of {len(training["seeds"])} trainings of {training["settings"]["samples"]:,} views each, torch {training["torch"]}.
"""


def main() -> None:
    """Write the page."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    main()
