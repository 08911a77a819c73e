"""Tell what is known of a fruit: nutrition, keeping, season, origin, each with its source.

The name may be English or French, singular or plural, of a species or of a variety; small slips are understood.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fruits.catalogue import Catalogue, Language, UnknownSpeciesError

WIDEST = 100
NARROWEST = 40
UNKNOWN = {"en": "the catalogue does not know {!r}.", "fr": "le catalogue ne connaît pas {!r}."}
SUGGESTION = {"en": "Did you mean {}?", "fr": "Vouliez-vous dire {} ?"}
LIST_HINT = {
    "en": "'fruits info --list' shows every name.",
    "fr": "« fruits info --list » montre tous les noms.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="*", help="such as pear, poire or granny smith")
    parser.add_argument("--list", action="store_true", help="list every species with its names and stop")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, the words of the sources too")
    parser.add_argument("--lang", choices=("en", "fr"), help="language of the card (that of the terminal, else en)")


def run(arguments: argparse.Namespace) -> int:
    """Print a card, a list or JSON; return 2 when the name is missing or unknown."""
    from fruits.catalogue import Catalogue, UnknownSpeciesError
    from fruits.catalogue.rendering import as_dict, render
    from fruits.cli.terminal import language as language_of_terminal

    language: Language = arguments.lang or language_of_terminal()
    word = " ".join(arguments.name).strip()
    if not word and not arguments.list:
        print("fruits info: give a name, as in 'fruits info pear', or --list", file=sys.stderr)
        return 2
    catalogue = Catalogue.load()
    if arguments.list:
        _print_list(catalogue, as_json=arguments.json)
        return 0
    try:
        species = catalogue.find(word)
    except UnknownSpeciesError as error:
        print(f"fruits info: {_unknown(error, language)}", file=sys.stderr)
        return error.exit_code
    if arguments.json:
        print(json.dumps(as_dict(catalogue, species), indent=2))
    else:
        width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
        print(render(catalogue, species, language, width))
    return 0


def _print_list(catalogue: Catalogue, *, as_json: bool) -> None:
    rows = [(entry.id, entry.name.en, entry.name.fr, entry.latin) for entry in catalogue.values()]
    if as_json:
        names = [dict(zip(("id", "en", "fr", "latin"), row, strict=True)) for row in rows]
        print(json.dumps(names, indent=2))
        return
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:3], widths, strict=True)]
        print("  ".join([*cells, row[3]]))


def _unknown(error: UnknownSpeciesError, language: Language) -> str:
    sentences = [UNKNOWN[language].format(error.word)]
    if error.suggestions:
        sentences.append(SUGGESTION[language].format(", ".join(error.suggestions)))
    return " ".join([*sentences, LIST_HINT[language]])
