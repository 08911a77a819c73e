"""Wikimedia Commons, through the Action API of MediaWiki.

- Search with its files' details in one request: ``action=query&generator=search`` in namespace 6 (files), with
  ``prop=imageinfo``; paging by sending back what ``continue`` holds.
  https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/API:Imageinfo,
  https://www.mediawiki.org/wiki/API:Continue
- Author and licence from CommonsMetadata (``extmetadata``): https://www.mediawiki.org/wiki/Extension:CommonsMetadata
- Requests in series, ``maxlag=5``, gzip, a pause when the answer is the error ``maxlag`` or ``ratelimited`` (its
  status is 200, with Retry-After): https://www.mediawiki.org/wiki/API:Etiquette,
  https://www.mediawiki.org/wiki/Manual:Maxlag_parameter, https://wikitech.wikimedia.org/wiki/Robot_policy
- A User-Agent with a contact is required:
  https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
- Thumbnails only in the standard widths (1280 is one), by the address that the API gives:
  https://www.mediawiki.org/wiki/Common_thumbnail_sizes
"""

from __future__ import annotations

from collections.abc import Iterator

from fruits.collecting.candidates import Candidate, Json, records, shortened, text, without_tags
from fruits.collecting.client import Client
from fruits.collecting.errors import SourceError
from fruits.collecting.licences import of_commons
from fruits.collecting.terms import Terms

NAME = "commons"
ENDPOINT = "https://commons.wikimedia.org/w/api.php"
INTERVAL = 1.0
"""Seconds between two requests; the policy names no number for an identified reader, only "in series"."""

_PAGE = 50
_MOST_PAGES = 20
_THUMBNAIL = 1280  # pixels of width, the smallest standard one above what is kept
# Not photos of the thing itself; "-word" leaves pages out (https://www.mediawiki.org/wiki/Help:CirrusSearch).
_LEFT_OUT = ("illustration", "drawing", "painting", "engraving", "diagram", "herbarium", "stamp", "map", "logo")
_BUSY = frozenset({"maxlag", "ratelimited", "readonly"})


def search(client: Client, endpoint: str, terms: Terms, licences: frozenset[str]) -> Iterator[Candidate]:
    """Every JPEG photo that the phrases find, most exact phrase first; raises ``SourceError``.

    ``licences`` cannot be asked for here: what is found carries its licence, open or not.
    """
    for phrase in terms.phrases:
        left_out = [f'-"{name}"' for name in terms.not_these] + [f"-{word}" for word in _LEFT_OUT]
        parameters = _parameters(" ".join([phrase, "filetype:bitmap", *left_out]))
        for _ in range(_MOST_PAGES):
            answer = client.json(endpoint, parameters, INTERVAL, _busy)
            if "error" in answer:
                raise SourceError(f"Wikimedia Commons refuses: {shortened(text(answer, 'error', 'info'))}")
            pages = sorted(records(answer, "query", "pages"), key=_rank)
            yield from (candidate for page in pages if (candidate := _candidate(page)) is not None)
            more = answer.get("continue")
            if not isinstance(more, dict) or not more:
                break
            parameters = _parameters(parameters["gsrsearch"]) | {str(key): str(value) for key, value in more.items()}


def _parameters(search_for: str) -> dict[str, str]:
    return {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "maxlag": "5",
        "generator": "search",
        "gsrsearch": search_for,
        "gsrnamespace": "6",
        "gsrlimit": str(_PAGE),
        "prop": "imageinfo",
        "iiprop": "url|mime|extmetadata",
        "iiurlwidth": str(_THUMBNAIL),
        "iiextmetadatafilter": "License|LicenseShortName|LicenseUrl|Artist|Attribution|NonFree",
        "iiextmetadatalanguage": "en",
    }


def _busy(answer: Json) -> bool:
    return text(answer, "error", "code") in _BUSY


def _rank(page: Json) -> int:
    """The place among what was found; the pages themselves come in no order."""
    index = page.get("index")
    return index if isinstance(index, int) else 1 << 30


def _candidate(page: Json) -> Candidate | None:
    info = next(records(page, "imageinfo"), None)
    if info is None or text(info, "mime") != "image/jpeg":
        return None
    said = {key: text(info, "extmetadata", key, "value") for key in ("License", "LicenseShortName", "LicenseUrl")}
    licence = of_commons(said["License"], said["LicenseShortName"], said["LicenseUrl"])
    credited = text(info, "extmetadata", "Attribution", "value") or text(info, "extmetadata", "Artist", "value")
    candidate = Candidate(
        source=NAME,
        id=text(page, "pageid"),
        page=text(info, "descriptionurl"),
        image=text(info, "thumburl") or text(info, "url"),
        author=without_tags(credited),
        title=shortened(text(page, "title").removeprefix("File:").rpartition(".")[0]),
        licence=None if text(info, "extmetadata", "NonFree", "value") else licence,
    )
    return candidate if candidate.whole() else None
