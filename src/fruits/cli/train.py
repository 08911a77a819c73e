"""Train a bundle: an honest estimate on sources kept out, then the released network on all of them.

Needs the packages of fruits[training]. An interrupted training goes on where it was when the same command is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the labelled sources, with labels.csv")
    parser.add_argument(
        "--out", type=Path, default=Path("bundle/fruits.onnx"), metavar="FILE", help="the bundle to write"
    )
    parser.add_argument("--work", type=Path, default=Path("bundle/work"), metavar="DIR", help="kept to go on from")
    parser.add_argument("--collected", type=Path, metavar="DIR", help="photos of fruits collect, to learn from as well")
    parser.add_argument(
        "--without", action="append", default=[], metavar="SOURCE", help="leave a source out; repeatable"
    )
    parser.add_argument("--samples", type=int, metavar="N", help="views shown in all; fewer are faster and worse")
    parser.add_argument("--composites", type=int, metavar="N", help="photos made from studio frames")
    parser.add_argument("--seed", type=int, metavar="N", help="another order of views and composites")
    parser.add_argument("--members", type=int, metavar="N", help="trainings whose weights are averaged (2)")
    parser.add_argument("--threads", type=int, metavar="N", help="cores to use (all)")


def run(arguments: argparse.Namespace) -> int:
    """Train and write the bundle."""
    counts = {name: getattr(arguments, name) for name in ("samples", "composites", "members", "threads")}
    if any(value is not None and value < 1 for value in counts.values()):
        print("fruits train: --samples, --composites, --members and --threads must be at least 1", file=sys.stderr)
        return 2
    try:
        import torch

        from fruits.training.fit import Settings
        from fruits.training.train import COMPOSITES, MEMBERS, train
    except ImportError as missing:
        print(f"fruits train: {missing.name} is missing: install fruits[training]", file=sys.stderr)
        return 2
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    given = {"samples": arguments.samples, "seed": arguments.seed}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    out = train(
        arguments.data,
        arguments.out.with_suffix(".onnx"),
        arguments.work,
        settings,
        without=arguments.without,
        collected=arguments.collected,
        composites=arguments.composites or COMPOSITES,
        members=arguments.members or MEMBERS,
        watch=_watch,
        say=lambda sentence: print(sentence, file=sys.stderr),
    )
    print(out)
    return 0


def _watch(stage: str) -> Callable[[int, int, float], None]:
    """A line every few seconds: what is done, how fast, how long it still takes, the loss."""
    state = {"from": 0, "start": 0.0, "last": 0.0}

    def report(done: int, total: int, loss: float) -> None:
        now = time.monotonic()
        if not state["start"]:
            state.update({"from": done, "start": now})
        if now - state["last"] < 10 and done < total:
            return
        state["last"] = now
        rate = (done - state["from"]) / max(now - state["start"], 1e-9)
        left = f", {(total - done) / rate / 60:.0f} min left" if rate else ""
        said = f", loss {loss:.3f}" if loss else ""
        print(f"{stage}: {done:,} of {total:,}, {rate:.0f} a second{said}{left}", file=sys.stderr, flush=True)

    return report
