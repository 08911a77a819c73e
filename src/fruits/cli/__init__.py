"""Fruits!: fruit images to embeddings, components, a classifier and a report; from a laptop to a cluster.

Exit codes: 0 done, 1 failed, 2 the call cannot work, 3 too many images were refused, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

import fruits
from fruits.cli.terminal import forgive_narrow_encodings
from fruits.errors import FruitsError

COMMANDS = (
    "run", "report", "identify", "serve", "models", "train", "evaluate", "collect", "cloud", "info", "backbones",
    "sample", "fetch", "doctor",
)  # fmt: skip
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before any command or child process imports it
    forgive_narrow_encodings()
    parser = build_parser()
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return 0
    options.given = given
    try:
        return int(command(options.command).run(options))
    except FruitsError as error:
        print(f"fruits {options.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"fruits {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("FRUITS_DEBUG"):
            raise
        print(
            f"fruits {options.command}: unexpected {type(error).__name__}: {error}"
            " (this is a bug of ours; FRUITS_DEBUG=1 shows where)",
            file=sys.stderr,
        )
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="fruits", description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--version", action="version", version=f"fruits {fruits.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in COMMANDS:
        module = command(name)
        text = (module.__doc__ or "").strip()
        first = text.splitlines()[0].rstrip(".")
        module.add_arguments(
            commands.add_parser(name, help=first, description=text, formatter_class=_Formatter, allow_abbrev=False)
        )
    return parser


def command(name: str) -> ModuleType:
    """Return the module of a command: ``add_arguments(parser)`` and ``run(arguments) -> int``."""
    return importlib.import_module(f"fruits.cli.{name}")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps line breaks of descriptions, at one width everywhere so that the reference can be checked."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100, max_help_position=30)
