"""The folder of a collection: photos, a row for each in ``credits.csv``, in ``refused.csv`` what is not here and why.

A photo is written as a hidden part, its row is appended, then the part gets its name: after a crash at any moment
:func:`open_ledger` finishes or undoes the last photo, so that no photo is ever without its credits.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from fruits.collecting.candidates import Candidate
from fruits.collecting.errors import CollectError
from fruits.collecting.pictures import Fingerprints, Picture, fingerprint_of
from fruits.vision.decode import IMAGE_EXTENSIONS, DecodeError

CREDITS = "credits.csv"
REFUSED = "refused.csv"
REMOVED = "removed.csv"
"""Credits of photos that someone took away: they do not come back, nor does what looks the same."""
PASSING = frozenset({"unreachable", "busy"})
"""Reasons for which a photo is tried again by the next run."""

_LOCK = ".collect.lock"
_ABSENT_AUTHOR = "unknown"


@dataclass(frozen=True)
class Credit:
    """A row of ``credits.csv``. ``file`` is relative to the folder; ``sha256`` is that of the bytes as downloaded;
    ``phash`` are 32 hex digits.
    """

    file: str
    species: str
    source: str
    page: str
    author: str
    licence: str
    licence_url: str
    title: str
    original_sha256: str
    phash: str

    @property
    def key(self) -> tuple[str, str]:
        """Source and id, as the file's name has them."""
        source, _, id_ = Path(self.file).stem.partition("-")
        return source, id_


@dataclass(frozen=True)
class Refusal:
    """A row of ``refused.csv``; ``reason`` is stable and short, ``detail`` is for people."""

    source: str
    id: str
    species: str
    page: str
    image: str
    reason: str
    detail: str


@contextmanager
def open_ledger(folder: Path) -> Iterator[Ledger]:
    """The ledger of a folder, made if it is not there, for one process at a time; raises ``CollectError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise CollectError(
                    f"Another 'fruits collect' is working in {folder}: wait until it is done."
                ) from error
            yield Ledger(folder)
    except OSError as error:
        raise CollectError(f"{error.filename or folder}: {error.strerror or error}") from error


class Ledger:
    """What lies in the folder, and what was refused before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        credits_, removed = _read(folder / CREDITS, Credit), _read(folder / REMOVED, Credit)
        refusals = _read(folder / REFUSED, Refusal)
        self._settled: dict[tuple[str, str], str] = {(r.source, r.id): r.reason for r in refusals}
        self._hashes: dict[str, str] = {}
        self._prints = Fingerprints()
        self._counts: Counter[str] = Counter()
        self._finish_parts(credits_)
        images = _images(folder)
        every = {credit.key: _where(credit, images) for credit in [*removed, *credits_]}
        present = [credit for credit in every.values() if credit.file in images]
        absent = [credit for credit in every.values() if credit.file not in images]
        for credit in present:
            self._remember(credit)
            self._counts[credit.species] += 1
        for credit in absent:
            self._remember(credit, f"{credit.file}, which was taken away")
        if absent != removed:  # first what is added, so that a crash between the two loses no row
            _write(folder / REMOVED, absent)
        if present != credits_:
            _write(folder / CREDITS, present)
        self._look_around(images - {credit.file for credit in present})

    def kept(self, species: str) -> int:
        """How many photos of a species lie here with credits."""
        return self._counts[species]

    def settled(self, candidate: Candidate) -> bool:
        """Whether this photo was kept or refused for good before."""
        reason = self._settled.get((candidate.source, candidate.id))
        return reason is not None and reason not in PASSING

    def same(self, data: bytes) -> str | None:
        """The photo that has these very bytes, if one has."""
        return self._hashes.get(_sha256(data))

    def near(self, picture: Picture) -> tuple[str, int] | None:
        """The photo that looks the same, and how many bits it is away."""
        return self._prints.near(picture.fingerprint)

    def keep(self, candidate: Candidate, species: str, data: bytes, picture: Picture) -> Credit:
        """Write the photo and its row. ``data`` are the bytes as downloaded."""
        if candidate.licence is None:
            raise ValueError("a photo without an open licence is not kept")
        credit = Credit(
            file=f"{species}/{candidate.source}-{candidate.id}.jpg",
            species=species,
            source=candidate.source,
            page=candidate.page,
            author=candidate.author or _ABSENT_AUTHOR,
            licence=candidate.licence.code,
            licence_url=candidate.licence.url,
            title=candidate.title,
            original_sha256=_sha256(data),
            phash=f"{picture.fingerprint:032x}",
        )
        target = self._folder / credit.file
        target.parent.mkdir(exist_ok=True)
        part = _part(target)
        with part.open("wb") as stream:
            stream.write(picture.jpeg)
            stream.flush()
            os.fsync(stream.fileno())
        _append(self._folder / CREDITS, credit)
        part.replace(target)
        self._remember(credit)
        self._counts[species] += 1
        return credit

    def refuse(self, candidate: Candidate, species: str, reason: str, detail: str) -> None:
        """Write down why a photo is not here."""
        row = Refusal(candidate.source, candidate.id, species, candidate.page, candidate.image, reason, detail)
        _append(self._folder / REFUSED, row)
        self._settled[candidate.source, candidate.id] = reason

    def _remember(self, credit: Credit, name: str = "") -> None:
        self._settled[credit.key] = "kept"
        self._hashes[credit.original_sha256] = name or credit.file
        self._prints.add(int(credit.phash, 16), name or credit.file)

    def _finish_parts(self, credits_: list[Credit]) -> None:
        """Name the part whose row was written; drop the one whose row was not."""
        awaited = {_part(self._folder / credit.file): self._folder / credit.file for credit in credits_}
        for part in self._folder.glob("*/.*.part"):
            target = awaited.get(part)
            if target is not None and not target.exists():
                part.replace(target)
            else:
                part.unlink()

    def _look_around(self, names: set[str]) -> None:
        """Take photos of other origin into account: nothing that lies here already is fetched again."""
        for name in sorted(names):
            try:
                data = (self._folder / name).read_bytes()
                self._prints.add(fingerprint_of(data), name)
            except (DecodeError, OSError):
                continue
            self._hashes[_sha256(data)] = name


# --- files -----------------------------------------------------------------------------------------------------------


def _images(folder: Path) -> set[str]:
    """Every image file below the folder, hidden ones apart, as written in the tables."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_EXTENSIONS and not path.name.startswith(".") and path.is_file()
    }


def _where(credit: Credit, images: set[str]) -> Credit:
    """The credit with the place where its photo lies now: someone may have moved it within the folder."""
    if credit.file in images:
        return credit
    name = Path(credit.file).name
    return next((replace(credit, file=image) for image in sorted(images) if Path(image).name == name), credit)


Row = TypeVar("Row", Credit, Refusal)


def _read(path: Path, kind: type[Row]) -> list[Row]:
    """The rows of a table; a last line that a crash cut short is cut off the file too."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("r+b") as stream:
            stream.truncate(len(whole))
    names = [field.name for field in fields(kind)]
    try:
        lines = list(csv.reader(io.StringIO(whole.decode("utf-8"), newline="")))
        if lines and lines[0] != names:
            raise ValueError(f"its columns are {', '.join(lines[0])[:200]}")
        rows = [kind(*line) for line in lines[1:]]
        for row in rows:
            _check(row)
    except (ValueError, TypeError, csv.Error) as error:
        raise CollectError(
            f"{path} is not what 'fruits collect' writes ({error}): move it away, or collect into another folder."
        ) from error
    return rows


def _check(row: Credit | Refusal) -> None:
    if isinstance(row, Credit):
        int(row.phash, 16)
        if ".." in Path(row.file).parts or Path(row.file).is_absolute() or len(row.phash) > 32:
            raise ValueError(f"{row.file} leads out of the folder")


def _append(path: Path, row: Credit | Refusal) -> None:
    """Add a line in one write, after the header if the file is new."""
    new = not path.exists() or not path.stat().st_size
    lines = _line([field.name for field in fields(row)]) if new else ""
    with path.open("ab") as stream:
        stream.write((lines + _line(list(astuple(row)))).encode())
        stream.flush()
        os.fsync(stream.fileno())


def _write(path: Path, rows: list[Credit]) -> None:
    """Write a whole table, there all at once or not at all."""
    lines = _line([field.name for field in fields(Credit)]) + "".join(_line(list(astuple(row))) for row in rows)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(lines.encode())
    part.replace(path)


def _line(cells: list[str]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerow([" ".join(cell.split()) for cell in cells])
    return stream.getvalue().encode("utf-8", "replace").decode()


def _part(target: Path) -> Path:
    return target.with_name(f".{target.stem}.part")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
