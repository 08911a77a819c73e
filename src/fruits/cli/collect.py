"""Collect openly licensed photos of species, each with its author and licence, ready for 'fruits train'.

Asks Wikimedia Commons, iNaturalist and Openverse, within their limits, and writes DIR/SPECIES/SOURCE-ID.jpg (at most
1024 pixels, no metadata), DIR/credits.csv and DIR/refused.csv. A second run fetches only what is new. Photos that are
the same, or look the same, are kept once.

Exit codes: 0 done; 1 a source did not answer to the end or a species has no photo; 2 the call cannot work.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fruits.catalogue import Catalogue, Species
    from fruits.collecting import Harvest, Outcome, Wish

CONTACT = "FRUITS_CONTACT"
NEEDS_CONTACT = "commons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("species", metavar="SPECIES", nargs="+", help="such as pear or dragon-fruit; or: all")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="the folder to fill")
    parser.add_argument(
        "--licence",
        metavar="CODES",
        default="cc0,pdm,cc-by,cc-by-sa",
        help="what may be kept, of cc0,pdm,cc-by,cc-by-sa (default: all four)",
    )
    parser.add_argument("--limit", metavar="N", type=int, default=100, help="photos of each species (default: 100)")
    parser.add_argument(
        "--sources", metavar="NAMES", help="whom to ask, of commons,inaturalist,openverse (default: all three)"
    )
    parser.add_argument(
        "--contact",
        metavar="WORDS",
        help=f"mail or page address that the sources see; Wikimedia requires one (default: {CONTACT})",
    )
    parser.add_argument(
        "--endpoint",
        metavar="NAME=URL",
        action="append",
        default=[],
        help="another address for the API of a source; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Collect; return 2 when a species is unknown, 1 when something is missing in the end."""
    from fruits.catalogue import Catalogue
    from fruits.collecting import Client, Wish, chosen, collect

    catalogue = Catalogue.load()
    species = _species(arguments.species, catalogue)
    if species is None:
        return 2
    contact = (arguments.contact if arguments.contact is not None else os.environ.get(CONTACT, "")).strip()
    sources = _sources(arguments.sources, arguments.endpoint, contact)
    wish = Wish(arguments.limit, chosen(arguments.licence), sources)
    progress = _Progress()

    def done(outcome: Outcome) -> None:
        progress.end()
        print(_line(outcome, wish), flush=True)

    harvest = collect(species, catalogue.values(), arguments.to, Client(contact), wish, progress.show, done)
    _summary(harvest, arguments.to)
    return 0 if harvest.complete else 1


def _species(words: list[str], catalogue: Catalogue) -> list[Species] | None:
    """The species that the words name, each once; None after saying which are unknown."""
    from fruits.catalogue import UnknownSpeciesError

    if words == ["all"]:
        return list(catalogue.values())
    found: dict[str, Species] = {}
    unknown = []
    for word in words:
        try:
            one = catalogue.find(word)
            found[one.id] = one
        except UnknownSpeciesError as error:
            hint = f" Did you mean {', '.join(error.suggestions)}?" if error.suggestions else ""
            unknown.append(f"the catalogue does not know {word!r}.{hint}")
    for sentence in unknown:
        print(f"fruits collect: {sentence}", file=sys.stderr)
    if unknown:
        print("fruits collect: 'fruits info --list' shows every name.", file=sys.stderr)
        return None
    return list(found.values())


def _sources(names: str | None, endpoints: list[str], contact: str) -> dict[str, str]:
    """The sources to ask and their addresses. Without a contact Commons is left out, or refused if it was named."""
    from fruits.collecting import SOURCES, WrongCallError

    wanted = list(SOURCES) if names is None else [name.strip().lower() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in SOURCES:
            raise WrongCallError(f"{name!r} is not a source; there are {', '.join(SOURCES)}.")
    addresses = dict(SOURCES)
    for given in endpoints:
        name, _, url = given.partition("=")
        if name not in SOURCES or not url.startswith(("http://", "https://")):
            raise WrongCallError(f"--endpoint {given!r}: write it as NAME=URL, NAME being one of {', '.join(SOURCES)}.")
        addresses[name] = url.rstrip("/")
    if NEEDS_CONTACT in wanted and not contact:
        why = f"Wikimedia asks whoever reads with a program for a contact: give --contact or set {CONTACT}."
        if names is not None:
            raise WrongCallError(why)
        print(f"fruits collect: {NEEDS_CONTACT} is left out. {why}", file=sys.stderr)
        wanted.remove(NEEDS_CONTACT)
    return {name: addresses[name] for name in wanted}


class _Progress:
    """One line on a terminal, rewritten; nothing elsewhere, where the summary says it all."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def show(self, species: str, there: int, wanted: int) -> None:
        if self._live:
            print(f"\r\033[K{species}: {there} of {wanted}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _summary(harvest: Harvest, folder: Path) -> None:
    for name, why in harvest.given_up.items():
        print(f"fruits collect: {name} was given up: {why}", file=sys.stderr)
    there = sum(outcome.there for outcome in harvest.outcomes)
    new = sum(outcome.new.total() for outcome in harvest.outcomes)
    print(f"{new:,} new, {there:,} in all in {folder}; credits in {folder / 'credits.csv'}.")
    if new:
        print("Look through them before you train: a search also finds the tree, the juice and people of that name.")


def _line(outcome: Outcome, wish: Wish) -> str:
    parts = [f"{outcome.species}: {outcome.there} of {wish.limit}"]
    if outcome.new:
        parts.append("new: " + ", ".join(f"{count} {name}" for name, count in sorted(outcome.new.items())))
    if outcome.skipped:
        parts.append("not kept: " + ", ".join(f"{count} {why}" for why, count in sorted(outcome.skipped.items())))
    parts += [f"{name} not asked: {why}" for name, why in outcome.not_asked.items() if why != "given up"]
    return "; ".join(parts)
