"""Measure a bundle on labelled photos, laboratory and wild, and show its worst mistakes.

DIR is laid out as the training data (labels.csv and a folder per source), or as one folder per species, or anyhow with
--labels, a CSV of path and species.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("bundle", metavar="NAME|FILE")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the labelled photos")
    parser.add_argument("--labels", type=Path, metavar="CSV", help="columns path (relative to DIR) and species")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--page", type=Path, metavar="HTML", help="write a page with the worst mistakes")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="photos at a time (1)")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and print."""
    from fruits.cli.settings import model_folder
    from fruits.engine import Recogniser
    from fruits.engine.registry import Registry
    from fruits.training.evaluation import evaluate, examples_of
    from fruits.training.evaluation_page import render

    recogniser = Recogniser.load(Registry(model_folder()).find(arguments.bundle))
    examples = examples_of(arguments.data, arguments.labels)
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 5:
            last = time.monotonic()
            print(f"{done:,} of {total:,} photos", file=sys.stderr, flush=True)

    evaluation = evaluate(recogniser, examples, arguments.threads, report)
    found = evaluation.as_dict()
    if arguments.page:
        arguments.page.write_text(render(evaluation), encoding="utf-8")
        print(f"page: {arguments.page}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    heads = ("photos", "top1", "top5", "sure_share", "sure_right", "error", "without produce, called sure")
    print(f"{'set':20}{'kind':18}" + "".join(f"{name:>12}" for name in (*heads[:-1], "false sure")))
    for source, entry in found["sets"].items():
        kind = entry["kind"] + (", seen" if entry["seen in training"] else "")
        cells = "".join(f"{_cell(entry.get(name)):>12}" for name in heads)
        print(f"{source:20}{kind:18}{cells}")
    return 0


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
