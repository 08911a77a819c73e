"""Everything the site holds of one user, as one zip: data, the schema of the data, photos (GDPR, articles 15 and 20).

``EXPORTED`` and ``NOT_PERSONAL`` together name every table of the site; a test fails when one is in neither.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field

from fruits.web.accounts import throttling
from fruits.web.accounts.models import Attempt, Passkey, Session, User
from fruits.web.privacy.journal import pseudonym
from fruits.web.privacy.models import AuditEntry, Consent, Event
from fruits.web.recognition import photos
from fruits.web.recognition.models import Correction, Photo, Scan

VERSION = 1


class Strict(BaseModel):
    """A part of the export; its docstring and fields become the schema."""

    model_config = ConfigDict(extra="forbid")


class Account(Strict):
    """The account itself; the password is only known as a hash, which is not given out."""

    id: UUID
    email: str
    language: str
    region: str = Field(description="where photos are stored")
    created_at: datetime
    verified_at: datetime | None = Field(description="when the address was confirmed")
    of_age: bool
    notice_version: str = Field(description="version of the privacy notice that was agreed to")


class ConsentRow(Strict):
    """A switch turned on or off, beside which version of its sentence."""

    kind: str
    granted: bool
    text_version: str
    at: datetime


class ScanRow(Strict):
    """An answer in the history."""

    id: UUID
    scanned_at: datetime
    source: str = Field(description="where it was recognised: server or device")
    recognition: dict[str, Any]


class PhotoRow(Strict):
    """A stored photo; ``file`` is its name in this zip, empty when the storage did not give it."""

    id: UUID
    scan: UUID
    file: str
    width: int
    height: int
    bytes: int
    kept: bool
    improve: bool
    region: str
    stored_at: datetime
    expires_at: datetime


class CorrectionRow(Strict):
    """What the user said a photo shows."""

    id: UUID
    recognition_id: UUID
    scan: UUID | None
    source: str
    model: str
    predicted: str
    confidence: float
    species: str
    variety: str
    created_at: datetime


class SessionRow(Strict):
    """A signed-in browser."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    device: str


class PasskeyRow(Strict):
    """A passkey: its public half, the private one never leaves the devices."""

    id: UUID
    credential: str
    public_key: str = Field(description="base64url")
    counter: int = Field(description="how often the device said it had signed")
    device: str
    created_at: datetime
    used_at: datetime | None


class AttemptRow(Strict):
    """A failed sign-in or a mail that was asked for, counted against guessing."""

    kind: str
    at: datetime


class AuditRow(Strict):
    """A line of the security log."""

    at: datetime
    action: str
    detail: dict[str, Any]


class EventRow(Strict):
    """A fact handed to other services, under a pseudonym."""

    id: UUID
    kind: str
    at: datetime
    payload: dict[str, Any]


class Export(Strict):
    """All that Fruits! holds of one user."""

    version: int
    exported_at: datetime
    pseudonym: str = Field(description="the name of the user in the security log and in events")
    account: Account
    consents: list[ConsentRow]
    scans: list[ScanRow]
    photos: list[PhotoRow]
    corrections: list[CorrectionRow]
    sessions: list[SessionRow]
    passkeys: list[PasskeyRow]
    attempts: list[AttemptRow]
    audit: list[AuditRow]
    events: list[EventRow]


def _fields(row: Any, part: type[Strict], **others: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in part.model_fields if name not in others} | others


def _attempts(user: User) -> Iterable[dict[str, Any]]:
    for allowance in throttling.KINDS:
        key = throttling.by_account(user.email, allowance)
        for at in Attempt.objects.filter(key=key).values_list("at", flat=True):
            yield {"kind": allowance.kind, "at": at}


def _consents(user: User) -> Iterable[dict[str, Any]]:
    return (_fields(row, ConsentRow) for row in Consent.objects.filter(user=user))


def _scans(user: User) -> Iterable[dict[str, Any]]:
    return (_fields(row, ScanRow) for row in Scan.objects.filter(user=user).order_by("scanned_at"))


def _photos(user: User) -> Iterable[dict[str, Any]]:
    rows = Photo.objects.filter(user=user).order_by("stored_at")
    return (_fields(row, PhotoRow, scan=row.scan_id, file=_file(row)) for row in rows)


def _corrections(user: User) -> Iterable[dict[str, Any]]:
    rows = Correction.objects.filter(user=user).order_by("created_at")
    return (_fields(row, CorrectionRow, scan=row.scan_id) for row in rows)


def _sessions(user: User) -> Iterable[dict[str, Any]]:
    return (_fields(row, SessionRow, expires_at=row.expire_date) for row in Session.objects.filter(user=user))


def _passkeys(user: User) -> Iterable[dict[str, Any]]:
    rows = Passkey.objects.filter(user=user).order_by("created_at")
    return (_fields(row, PasskeyRow, public_key=urlsafe_b64encode(row.public_key).decode()) for row in rows)


def _audit(user: User) -> Iterable[dict[str, Any]]:
    return (_fields(row, AuditRow) for row in AuditEntry.objects.filter(actor=pseudonym(user)).order_by("at"))


def _events(user: User) -> Iterable[dict[str, Any]]:
    return (_fields(row, EventRow) for row in Event.objects.filter(subject=pseudonym(user)).order_by("number"))


EXPORTED: dict[str, tuple[str, Callable[[User], Iterable[dict[str, Any]]]]] = {
    "privacy.Consent": ("consents", _consents),
    "recognition.Scan": ("scans", _scans),
    "recognition.Photo": ("photos", _photos),
    "recognition.Correction": ("corrections", _corrections),
    "accounts.Session": ("sessions", _sessions),
    "accounts.Passkey": ("passkeys", _passkeys),
    "accounts.Attempt": ("attempts", _attempts),
    "privacy.AuditEntry": ("audit", _audit),
    "privacy.Event": ("events", _events),
}
NOT_PERSONAL = {
    "accounts.User": "exported as the account",
    "privacy.Doomed": "random names of files that are being deleted; nothing leads from them to a user",
    "auth.Group": "unused table of Django's",
    "auth.Permission": "unused table of Django's",
    "contenttypes.ContentType": "names of tables",
}


def collect(user: User) -> Export:
    """Everything of ``user``, checked against the schema."""
    parts = {name: list(rows(user)) for name, rows in EXPORTED.values()}
    account = _fields(user, Account)
    head = {"version": VERSION, "exported_at": timezone.now(), "pseudonym": pseudonym(user), "account": account}
    return Export.model_validate(head | parts)


def write_zip(user: User) -> IO[bytes]:
    """The zip, in a temporary file without a name, at its beginning; photos pass through memory one by one."""
    export = collect(user)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the answer reads it, and closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for photo in Photo.objects.filter(user=user).order_by("stored_at"):
            row = next(one for one in export.photos if one.id == photo.pk)
            try:
                archive.writestr(row.file, photos.read(photo), zipfile.ZIP_STORED)
            except OSError:
                row.file = ""
        archive.writestr("data.json", export.model_dump_json(indent=2))
        archive.writestr("schema.json", json.dumps(schema(), indent=2))
    file.seek(0)
    return file


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of ``data.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Export.model_json_schema()


def _file(photo: Photo) -> str:
    return f"photos/{photo.stored_at:%Y-%m-%d}-{photo.pk}.jpg"
