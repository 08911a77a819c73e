"""iNaturalist, through version 1 of its API; the photos lie in its open-data bucket.

- ``GET /v1/taxa`` finds a taxon by name, ``GET /v1/observations`` what was seen of it; 200 a page; paging by
  ``order_by=id&order=asc&id_above=...``, which works beyond 10,000 results. https://api.inaturalist.org/v1/docs/
- At most 60 requests a minute and 10,000 a day, media below 5 GB an hour and 24 GB a day, a User-Agent of one's own:
  https://www.inaturalist.org/pages/api+recommended+practices
- ``photo_license`` filters; every photo carries its ``license_code``, ``attribution`` and the address of its
  75-pixel ``square``; ``large`` beside it has at most 1,024 pixels.
  https://github.com/inaturalist/inaturalist-open-data
- The annotation 12 = 14, "Plant Phenology: Fruiting", tells fruit from leaves and flowers:
  https://api.inaturalist.org/v1/controlled_terms

Garden and orchard plants count as "casual" there, so no grade is asked for, but that most who named the plant agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fruits.catalogue.names import plain
from fruits.collecting.candidates import Candidate, Json, records, shortened, text
from fruits.collecting.client import Client
from fruits.collecting.errors import SourceError
from fruits.collecting.licences import of_inaturalist
from fruits.collecting.terms import HYBRID, Taxon, Terms

NAME = "inaturalist"
ENDPOINT = "https://api.inaturalist.org/v1"
INTERVAL = 1.0
"""Seconds between two requests."""

_PHOTO_PAGE = "https://www.inaturalist.org/photos/"
_PAGE = 200
_MOST_PAGES = 50
_FRUITING = {"term_id": "12", "term_value_id": "14"}
_KINGDOMS = frozenset({"Plantae", "Fungi"})
_OFFERED = ("cc0", "cc-by", "cc-by-sa")
_SIZE = re.compile(r"/square\.")
_AUTHOR = re.compile(r"\(c\)\s*(?P<name>.+?),\s*(?:some|no|all) rights reserved", re.IGNORECASE)


def search(client: Client, endpoint: str, terms: Terms, licences: frozenset[str]) -> Iterator[Candidate]:
    """The first open photo of every observation of the taxon, oldest first; raises ``SourceError``.

    One photo an observation: the next ones show the same plant, often its leaves.
    """
    wanted = [code for code in _OFFERED if code in licences]
    if terms.taxon is None or not wanted:
        return
    taxon_id = _find(client, endpoint, terms.taxon)
    if not taxon_id:
        return
    left_out = [found for other in terms.without if (found := _find(client, endpoint, other))]
    parameters = {
        "taxon_id": taxon_id,
        "photos": "true",
        "photo_license": ",".join(wanted),
        "identifications": "most_agree",
        "order_by": "id",
        "order": "asc",
        "per_page": str(_PAGE),
        "locale": "en",
    }
    parameters |= _FRUITING if terms.fruiting else {}
    parameters |= {"without_taxon_id": ",".join(left_out)} if left_out else {}
    above = 0
    for _ in range(_MOST_PAGES):
        answer = _ask(client, f"{endpoint}/observations", parameters | {"id_above": str(above)})
        seen = list(records(answer, "results"))
        for observation in seen:
            if (candidate := _candidate(observation)) is not None:
                yield candidate
        last = max((int(id_) for entry in seen if (id_ := text(entry, "id")).isdigit()), default=0)
        total = text(answer, "total_results")
        if last <= above or not total.isdigit() or int(total) <= len(seen):
            return
        above = last


def _find(client: Client, endpoint: str, taxon: Taxon) -> str:
    """The id of a taxon; empty when iNaturalist knows none of just this name."""
    parameters = {
        "q": " ".join(taxon.name.replace(HYBRID, " ").split()),
        "is_active": "true",
        "per_page": "30",
        "locale": "en",
    }
    if taxon.rank:
        parameters["rank"] = taxon.rank
    answer = _ask(client, f"{endpoint}/taxa", parameters)
    for entry in records(answer, "results"):
        names = {plain(text(entry, "name")), plain(text(entry, "matched_term"))}
        if plain(taxon.name) in names and text(entry, "iconic_taxon_name") in _KINGDOMS:
            return text(entry, "id")
    return ""


def _ask(client: Client, url: str, parameters: dict[str, str]) -> Json:
    answer = client.json(url, parameters, INTERVAL)
    if not isinstance(answer.get("results"), list):
        raise SourceError(f"iNaturalist answered without results: {shortened(text(answer, 'error'))}")
    return answer


def _candidate(observation: Json) -> Candidate | None:
    for photo in records(observation, "photos"):
        licence = of_inaturalist(text(photo, "license_code"))
        if licence is None or next(records(photo, "flags"), None) is not None:
            continue
        match = _AUTHOR.match(text(photo, "attribution"))
        author = match["name"] if match else text(observation, "user", "name") or text(observation, "user", "login")
        candidate = Candidate(
            source=NAME,
            id=text(photo, "id"),
            page=_PHOTO_PAGE + text(photo, "id"),
            image=_SIZE.sub("/large.", text(photo, "url"), count=1),
            author=shortened(author),
            title=shortened(text(observation, "taxon", "name") or text(observation, "species_guess")),
            licence=licence,
        )
        if candidate.whole():
            return candidate
    return None
