"""Collects photos of species from the sources, in turn, until there are enough of each."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from fruits.catalogue import Species
from fruits.collecting import commons, inaturalist, openverse
from fruits.collecting.candidates import Candidate
from fruits.collecting.client import Client
from fruits.collecting.errors import SourceError, TransferError, WrongCallError
from fruits.collecting.ledger import PASSING, Ledger, open_ledger
from fruits.collecting.licences import LICENCES, NAMELESS
from fruits.collecting.pictures import prepare
from fruits.collecting.terms import Terms, terms_of
from fruits.vision.decode import DecodeError, Limits

_MODULES: tuple[ModuleType, ...] = (commons, inaturalist, openverse)
SOURCES: dict[str, str] = {str(module.NAME): str(module.ENDPOINT) for module in _MODULES}
"""Every source and the address of its API."""

_MOST_BYTES = 25 * 2**20
# A source that has given so many photos of a species in a row that cannot be kept has no more good ones.
_MOST_REFUSED = 200
# So many photos in a row that cannot be reached: the network or the host is down.
_MOST_UNREACHED = 3

Kept = Callable[[str, int, int], None]
"""Called with species, photos that lie there and photos wanted, when a species begins and after each photo."""


@dataclass(frozen=True)
class Wish:
    """What to collect: photos wanted of each species, licences, sources with the address of their API."""

    limit: int = 100
    licences: frozenset[str] = frozenset(LICENCES)
    sources: Mapping[str, str] = field(default_factory=lambda: dict(SOURCES))
    most_bytes: int = _MOST_BYTES

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise WrongCallError(f"The limit must be at least 1 photo, not {self.limit}.")
        if unknown := sorted(self.licences - set(LICENCES)):
            raise WrongCallError(f"{', '.join(unknown)}: not a licence to collect; there are {', '.join(LICENCES)}.")
        if unknown := sorted(set(self.sources) - set(SOURCES)):
            raise WrongCallError(f"{', '.join(unknown)}: not a source; there are {', '.join(SOURCES)}.")
        if not self.sources:
            raise WrongCallError(f"Name at least one source of {', '.join(SOURCES)}.")


@dataclass
class Outcome:
    """What became of one species: photos there before and now, new ones by source, others by why they are not here.

    ``skipped`` counts reasons: ``licence`` and ``no-author`` (seen in the answer, never downloaded), those of
    ``refused.csv``, and ``known`` (kept or refused by an earlier run). ``not_asked`` says why a source was left out.
    """

    species: str
    before: int
    there: int = 0
    new: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    not_asked: dict[str, str] = field(default_factory=dict)


@dataclass
class Harvest:
    """What a collection brought: an outcome per species, in order, and why sources were given up."""

    outcomes: list[Outcome] = field(default_factory=list)
    given_up: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every source answered to the end and every species has a photo."""
        return not self.given_up and all(outcome.there for outcome in self.outcomes)


def collect(
    species: Sequence[Species],
    catalogue: Iterable[Species],
    folder: Path,
    client: Client,
    wish: Wish = Wish(),
    kept: Kept = lambda species, there, wanted: None,
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> Harvest:
    """Fill ``folder/<species id>/`` up to ``wish.limit`` photos each; what lies there is not fetched again.

    ``catalogue`` are all species, for telling them apart. A source that fails is given up and the others go on.
    ``kept`` hears of every photo, ``done`` of every species.
    Raises ``CollectError`` when the folder cannot be written.
    """
    harvest = Harvest()
    known = list(catalogue)
    with open_ledger(folder) as ledger:
        for one in species:
            outcome = Outcome(one.id, ledger.kept(one.id))
            harvest.outcomes.append(outcome)
            gatherer = _Gatherer(ledger, client, wish, harvest, outcome, kept)
            gatherer.run(terms_of(one, known))
            done(outcome)
    return harvest


class _Gatherer:
    """Collects one species."""

    def __init__(
        self, ledger: Ledger, client: Client, wish: Wish, harvest: Harvest, outcome: Outcome, kept: Kept
    ) -> None:
        self._ledger, self._client, self._wish = ledger, client, wish
        self._harvest, self._outcome, self._kept = harvest, outcome, kept
        self._unreached: Counter[str] = Counter()

    def run(self, terms: Terms) -> None:
        """Take one photo of each source in turn, so that no source outweighs the others where they all have some."""
        turns = deque((name, self._search(name, terms)) for name in self._wish.sources if self._asked(name, terms))
        self._tell()
        while turns and self._outcome.there < self._wish.limit:
            name, candidates = turns.popleft()
            try:
                if self._one_more(candidates):
                    turns.append((name, candidates))
            except SourceError as error:
                self._harvest.given_up[name] = str(error)

    def _search(self, name: str, terms: Terms) -> Iterator[Candidate]:
        module = next(module for module in _MODULES if name == module.NAME)
        found: Iterator[Candidate] = module.search(self._client, self._wish.sources[name], terms, self._wish.licences)
        return found

    def _asked(self, name: str, terms: Terms) -> bool:
        if name in self._harvest.given_up:
            self._outcome.not_asked[name] = "given up"
            return False
        if name == inaturalist.NAME and terms.taxon is None:
            self._outcome.not_asked[name] = terms.no_taxon
            return False
        return True

    def _one_more(self, candidates: Iterator[Candidate]) -> bool:
        """Keep the source's next good photo; False when it has none any more."""
        refused = 0
        for candidate in candidates:
            reason = self._why_not(candidate)
            if reason is None:
                reason = self._take(candidate)
                if reason is None:
                    return True
                refused += 1
            self._outcome.skipped[reason] += 1
            if refused >= _MOST_REFUSED:
                return False
        return False

    def _why_not(self, candidate: Candidate) -> str | None:
        """Why a photo need not even be downloaded."""
        if candidate.licence is None or candidate.licence.code not in self._wish.licences:
            return "licence"
        if not candidate.author and candidate.licence.code not in NAMELESS:
            return "no-author"
        return "known" if self._ledger.settled(candidate) else None

    def _take(self, candidate: Candidate) -> str | None:
        """Download, check, compare and keep; the reason when it is refused."""
        try:
            data = self._client.photo(candidate.image, self._wish.most_bytes)
        except TransferError as error:
            self._refuse(candidate, error.reason, str(error))
            self._watch(candidate.source, error)
            return error.reason
        self._unreached[candidate.source] = 0
        if same := self._ledger.same(data):
            return self._refuse(candidate, "duplicate", f"the same file as {same}")
        try:
            picture = prepare(data, Limits(max_bytes=self._wish.most_bytes))
        except DecodeError as error:
            return self._refuse(candidate, error.reason, str(error))
        if near := self._ledger.near(picture):
            return self._refuse(candidate, "similar", f"looks like {near[0]} ({near[1]} bits differ)")
        self._ledger.keep(candidate, self._outcome.species, data, picture)
        self._outcome.new[candidate.source] += 1
        self._tell()
        return None

    def _refuse(self, candidate: Candidate, reason: str, detail: str) -> str:
        self._ledger.refuse(candidate, self._outcome.species, reason, detail)
        return reason

    def _watch(self, source: str, error: TransferError) -> None:
        """Give a source up whose photos cannot be had, rather than wait photo after photo."""
        self._unreached[source] = self._unreached[source] + 1 if error.reason in PASSING else 0
        if self._unreached[source] >= _MOST_UNREACHED:
            raise SourceError(str(error)) from error

    def _tell(self) -> None:
        self._outcome.there = self._ledger.kept(self._outcome.species)
        self._kept(self._outcome.species, self._outcome.there, self._wish.limit)
