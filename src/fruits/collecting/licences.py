"""Which licences are open, and how each source writes them.

Four are known: ``cc0`` and ``pdm`` (no rights kept, or none left), ``cc-by`` and ``cc-by-sa``. Everything else, first
of all what forbids commercial use (NC) or changed copies (ND), reads as no licence. So does a licence whose code and
address do not say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fruits.collecting.errors import WrongCallError

LICENCES = ("cc0", "pdm", "cc-by", "cc-by-sa")
"""The codes, in falling freedom; also the default of a collection."""
NAMELESS = frozenset({"cc0", "pdm"})
"""Licences that do not ask for the author's name."""

_HOME = "https://creativecommons.org"
_ADDRESS = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)(?:/|$)", re.IGNORECASE)
_IN_ADDRESS = {"by": "cc-by", "by-sa": "cc-by-sa", "zero": "cc0", "mark": "pdm"}
_RESTRICTED = re.compile(r"(?:^|[^a-z])(?:nc|nd|noncommercial|noderivs|noderivatives)(?:[^a-z]|$)", re.IGNORECASE)
# cc-by-sa-4.0, cc-by-sa-3.0,2.5,2.0,1.0, cc-by-2.0-fr; "CC BY-SA 4.0" once its spaces are hyphens.
_COMMONS = re.compile(r"(cc-by|cc-by-sa)-(\d\.\d)(?:,\d\.\d)*(?:-[a-z]{2,8})?")
_COMMONS_ZERO = frozenset({"cc0", "cc-zero", "cc0-1.0", "cc-0"})


@dataclass(frozen=True)
class Licence:
    """One of ``LICENCES`` and the address of its text."""

    code: str
    url: str


def chosen(codes: str) -> frozenset[str]:
    """The codes of a list such as ``cc0,cc-by``; raises ``WrongCallError`` for one that is not among ``LICENCES``."""
    words = [word.strip().lower() for word in codes.split(",") if word.strip()]
    for word in words:
        if word not in LICENCES:
            why = "photos under it may not be trained on freely; " if _RESTRICTED.search(word) else ""
            raise WrongCallError(f"{word!r} is not a licence to collect: {why}there are {', '.join(LICENCES)}.")
    if not words:
        raise WrongCallError(f"Name at least one licence of {', '.join(LICENCES)}.")
    return frozenset(words)


def of_commons(code: str, short_name: str, url: str) -> Licence | None:
    """From the ``License``, ``LicenseShortName`` and ``LicenseUrl`` of CommonsMetadata; ``pd`` and ``pd-...`` are pdm.

    Source: https://www.mediawiki.org/wiki/Extension:CommonsMetadata
    """
    word = (code or short_name).strip().lower().replace(" ", "-")
    if word in _COMMONS_ZERO:
        return _agreed("cc0", "1.0", url, word, short_name)
    if word in ("pd", "public-domain") or word.startswith("pd-"):
        return _agreed("pdm", "1.0", url, word, short_name)
    match = _COMMONS.fullmatch(word)
    return _agreed(match[1], match[2], url, word, short_name) if match else None


def of_inaturalist(code: str) -> Licence | None:
    """From a photo's ``license_code``; iNaturalist offers version 4.0 of the licences (and CC0 1.0)."""
    word = code.strip().lower()
    if word in ("cc0", "pd", "pdm"):
        return _agreed("cc0" if word == "cc0" else "pdm", "1.0", "", word)
    return _agreed(word, "4.0", "", word) if word in ("cc-by", "cc-by-sa") else None


def of_openverse(code: str, version: str, url: str) -> Licence | None:
    """From ``license``, ``license_version`` and ``license_url``: ``by``, ``by-sa``, ``cc0`` and ``pdm`` are open."""
    word = code.strip().lower()
    if word in ("cc0", "pdm"):
        return _agreed(word, "1.0", url, word)
    return _agreed(f"cc-{word}", version or "4.0", url, word) if word in ("by", "by-sa") else None


def _agreed(code: str, version: str, url: str, *words: str) -> Licence | None:
    """The licence, unless anything that was said of it says otherwise."""
    if any(_RESTRICTED.search(word) for word in (*words, url)):
        return None
    match = _ADDRESS.search(url)
    if match and _IN_ADDRESS.get(match[1].lower()) != code:
        return None
    return Licence(code, _https(url) if match else _address(code, version))


def _https(url: str) -> str:
    return "https://" + url.split("://", 1)[-1].lstrip("/")


def _address(code: str, version: str) -> str:
    if code == "cc0":
        return f"{_HOME}/publicdomain/zero/1.0/"
    if code == "pdm":
        return f"{_HOME}/publicdomain/mark/1.0/"
    return f"{_HOME}/licenses/{code.removeprefix('cc-')}/{version}/"
