"""List, show, promote, roll back or compare bundles: the versions of the engine's model.

Bundles beside the package's are kept in FRUITS_MODELS (default: ~/.cache/fruits/models).
"""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="what there is, and which is in use (default)")
    show = actions.add_parser("show", help="the card of one: measures, training data, known failures")
    show.add_argument("name", metavar="NAME|FILE", nargs="?", help="the one in use if not given")
    show.add_argument("--json", action="store_true", help="the whole card as JSON")
    use = actions.add_parser("use", help="promote one: identify and serve take it from now on")
    use.add_argument("name", metavar="NAME|FILE")
    actions.add_parser("rollback", help="take the last promotion back")
    compare = actions.add_parser("compare", help="two cards side by side")
    compare.add_argument("first", metavar="A")
    compare.add_argument("second", metavar="B")


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    from fruits.cli.settings import model_folder
    from fruits.engine.bundle import load_bundle, read_card
    from fruits.engine.registry import Registry, compare

    registry = Registry(model_folder())
    match arguments.action:
        case "show":
            card = load_bundle(registry.find(arguments.name) if arguments.name else registry.current()).card
            print(json.dumps(card.raw, indent=2) if arguments.json else _told(card.raw))
        case "use":
            print(f"in use: {registry.use(arguments.name)}")
        case "rollback":
            print(f"in use: {registry.roll_back()}")
        case "compare":
            first, second = (read_card(registry.find(name)) for name in (arguments.first, arguments.second))
            print(f"{'':58}{first.name:>16}{second.name:>16}")
            for name, left, right in compare(first, second):
                print(f"{name:58}{_number(left):>16}{_number(right):>16}")
        case _:
            for entry in registry.entries():
                size = f"{entry.card.raw.get('bytes', 0) / 1e6:.1f} MB"
                mark = "in use" if entry.in_use else ""
                print(f"{entry.card.name:24}{len(entry.card.species):>4} species{size:>9}  {entry.place:16}{mark}")
    return 0


def _told(raw: dict[str, Any], indent: int = 0) -> str:
    """The card as indented lines; long lists by their number."""
    lines = []
    for name, value in raw.items():
        start = " " * indent + str(name)
        if isinstance(value, dict):
            lines += [start, _told(value, indent + 2)]
        elif isinstance(value, list):
            short = len(value) <= 6 and not any(isinstance(each, dict | list) for each in value)
            lines.append(f"{start}: {', '.join(map(str, value)) if short else f'{len(value)} entries'}")
        else:
            lines.append(f"{start}: {_number(value)}")
    return "\n".join(lines)


def _number(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
