"""A species as text for a terminal, and as plain values for JSON."""

import textwrap
from dataclasses import asdict
from typing import Any

from fruits.catalogue.card import Section, card, sources
from fruits.catalogue.claims import claims
from fruits.catalogue.gaps import FACTS, gaps
from fruits.catalogue.loader import Catalogue
from fruits.catalogue.models import Language, Species, Text
from fruits.catalogue.nutrients import NAMES

SOURCES = Text("Sources", "Sources")
MISSING = Text("Not known yet", "Pas encore connu")
# French sets these apart with a space that must not break.
FRENCH_MARKS = ":;?!%»"


def render(catalogue: Catalogue, species: Species, language: Language, width: int) -> str:
    """The card as text, at most ``width`` characters wide, labels aligned over the whole card."""
    sections = card(catalogue, species, language)
    column = max(len(label) for section in sections for label, _ in section.lines) + 2
    title = species.name[language]
    title = title[0].upper() + title[1:]
    blocks = [f"{title}\n{'=' * len(title)}"]
    blocks += [_section(section, column, width) for section in sections]
    titles = "; ".join(catalogue.sources[id_].title for id_ in sources(species))
    blocks.append(f"{SOURCES[language]}\n{_fill(titles, '  ', '  ', width)}")
    missing = gaps(species)
    if missing:
        names = ", ".join(_gap_name(name, language) for name in missing)
        blocks.append(f"{MISSING[language]}\n{_fill(names, '  ', '  ', width)}")
    return "\n\n".join(blocks)


def as_dict(catalogue: Catalogue, species: Species) -> dict[str, Any]:
    """All that is known of ``species`` as plain values, with its claims, its gaps and its sources in full."""
    return {
        **asdict(species),
        "claims": [asdict(claim) for claim in claims(species.nutrition)],
        "keep_apart": list(catalogue.keep_apart(species)),
        "gaps": list(gaps(species)),
        "sources": {id_: asdict(catalogue.sources[id_]) for id_ in sources(species)},
    }


def _section(section: Section, column: int, width: int) -> str:
    lines = [section.heading]
    for label, words in section.lines:
        first = f"  {label:<{column}}" if label else "  "
        rest = " " * len(first)
        lines.append(_fill(words, first, rest, width))
    return "\n".join(lines)


def _fill(words: str, first: str, rest: str, width: int) -> str:
    for mark in FRENCH_MARKS:
        words = words.replace(f" {mark}", f"\u00a0{mark}")
    return textwrap.fill(
        words, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=False
    )


def _gap_name(name: str, language: Language) -> str:
    fact, _, nutrient = name.partition(".")
    return NAMES[nutrient][language] if nutrient else FACTS[fact][language]
