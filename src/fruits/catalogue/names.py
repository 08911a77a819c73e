"""From a word that a person typed to a species: either language, plurals, accents, case, close spellings."""

import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from fruits.catalogue.models import LANGUAGES, Species

# A slip ("grany smith", "poirre") stays above this likeness, another word ("bread" for "breadfruit") below.
CLOSE = 0.84
SUGGESTED = 0.5
# Below three letters every word is close to many.
SHORTEST = 3


class NameIndex:
    """Every name of every species and variety, made plain, to the id of its species."""

    def __init__(self, species: Iterable[Species]) -> None:
        self._ids: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        catalogue = list(species)
        # A species' own name wins over an alias or a variety of another: "pomelo", "mandarin".
        for rank in (_ids, _own_names, _aliases, _variety_names):
            for entry in catalogue:
                for name in rank(entry):
                    self._ids.setdefault(plain(name), entry.id)
                    self._shown.setdefault(plain(name), name)

    def find(self, word: str) -> str | None:
        """The id of the species that ``word`` names, or ``None``; a close spelling must be close to one only."""
        wanted = plain(word)
        for form in (wanted, _singular(wanted)):
            if form in self._ids:
                return self._ids[form]
        close = self._ranked(wanted, CLOSE)
        if not close or len(wanted) < SHORTEST:
            return None
        best = close[0][0]
        ids = {self._ids[name] for likeness, name in close if likeness == best}
        return ids.pop() if len(ids) == 1 else None

    def suggest(self, word: str, count: int) -> tuple[str, ...]:
        """Up to ``count`` names close to ``word``, best first, one for each species."""
        shown: dict[str, str] = {}
        for _, name in self._ranked(plain(word), SUGGESTED):
            shown.setdefault(self._ids[name], self._shown[name])
        return tuple(shown.values())[:count]

    def _ranked(self, wanted: str, least: float) -> list[tuple[float, str]]:
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted)
        ranked = []
        for name in self._ids:
            matcher.set_seq1(name)
            if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least:
                likeness = matcher.ratio()
                if likeness >= least:
                    ranked.append((likeness, name))
        return sorted(ranked, key=lambda pair: (-pair[0], pair[1]))


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """``name`` without case, accents, ligatures, hyphens or apostrophes: ``Noix-de-Pécan`` is ``noix de pecan``."""
    spread = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe").replace("æ", "ae"))
    letters = "".join(c if c.isalnum() else " " for c in spread if not unicodedata.combining(c))
    return " ".join(letters.split())


def _singular(name: str) -> str:
    """``name`` with the plural marks of its words taken off, as far as both languages share them."""
    return " ".join(word[:-1] if len(word) > SHORTEST and word[-1] in "sx" else word for word in name.split())


def _ids(species: Species) -> Iterator[str]:
    yield species.id


def _own_names(species: Species) -> Iterator[str]:
    for language in LANGUAGES:
        yield species.name[language]
        yield species.plural[language]
    yield species.latin


def _aliases(species: Species) -> Iterator[str]:
    for language in LANGUAGES:
        yield from species.aliases[language]


def _variety_names(species: Species) -> Iterator[str]:
    for variety in species.varieties:
        for language in LANGUAGES:
            yield variety.name[language]
            yield f"{species.name[language]} {variety.name[language]}"
            yield f"{variety.name[language]} {species.name[language]}"
