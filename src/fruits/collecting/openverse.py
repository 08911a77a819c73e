"""Openverse, which finds openly licensed images of many providers (Flickr, museums and others).

- ``GET /v1/images/?q=&license=&page=&page_size=``, answering ``result_count``, ``page_count`` and ``results`` with
  ``license``, ``license_version``, ``license_url``, ``creator`` and ``foreign_landing_url``. https://api.openverse.org/v1/
- Without a key: 20 results a page, 20 requests a minute, 200 a day, 20 pages deep; 429 with Retry-After beyond.
  https://docs.openverse.org/api/reference/authentication_and_throttling.html,
  https://make.wordpress.org/openverse/2022/08/11/openverse-api-results-constrained-to-20-pages/
- ``q`` understands "exact words" and -"words to leave out", up to 200 characters.
  https://openverse.org/search-help
- Images come from their providers, not from Openverse. Those of Wikimedia and iNaturalist are left out where these two
  are asked themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from fruits.collecting.candidates import Candidate, Json, records, shortened, text
from fruits.collecting.client import Client
from fruits.collecting.errors import SourceError
from fruits.collecting.licences import of_openverse
from fruits.collecting.terms import Terms

NAME = "openverse"
ENDPOINT = "https://api.openverse.org/v1"
INTERVAL = 3.0
"""Seconds between two requests: 20 a minute."""

_PAGE = 20
_MOST_PAGES = 20
_CODES = {"cc0": "cc0", "pdm": "pdm", "cc-by": "by", "cc-by-sa": "by-sa"}


def search(client: Client, endpoint: str, terms: Terms, licences: frozenset[str]) -> Iterator[Candidate]:
    """Every photo that the phrases find, most exact phrase first; raises ``SourceError``."""
    parameters = {
        "license": ",".join(code for ours, code in _CODES.items() if ours in licences),
        "excluded_source": "wikimedia,inaturalist",
        "page_size": str(_PAGE),
    }
    left_out = "".join(f' -"{name}"' for name in terms.not_these)
    for phrase in terms.phrases:
        for page in range(1, _MOST_PAGES + 1):
            answer = client.json(
                f"{endpoint}/images/", parameters | {"q": phrase + left_out, "page": str(page)}, INTERVAL
            )
            if not isinstance(answer.get("results"), list):
                raise SourceError(f"Openverse answered without results: {shortened(text(answer, 'detail'))}")
            yield from (found for entry in records(answer, "results") if (found := _candidate(entry)) is not None)
            pages = text(answer, "page_count")
            if not pages.isdigit() or page >= int(pages):
                break


def _candidate(entry: Json) -> Candidate | None:
    if entry.get("mature") is True:
        return None
    candidate = Candidate(
        source=NAME,
        id=text(entry, "id"),
        page=text(entry, "foreign_landing_url"),
        image=text(entry, "url"),
        author=shortened(text(entry, "creator")),
        title=shortened(text(entry, "title")),
        licence=of_openverse(text(entry, "license"), text(entry, "license_version"), text(entry, "license_url")),
    )
    return candidate if candidate.whole() else None
