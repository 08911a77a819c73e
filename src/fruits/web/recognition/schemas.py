"""What recognition sends and receives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from fruits.web.recognition.catalogue_schemas import SpeciesOut, TextOut

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")]
ModelName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


def in_utc(time: datetime) -> datetime:
    """The same moment in UTC; raises ``ValueError`` for one before the year 1 or after 9999 there."""
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range in UTC") from error


ScannedAt = Annotated[AwareDatetime, AfterValidator(in_utc)]


class Strict(Schema):
    """What comes in: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Candidate(Strict):
    """A species that the photo may show."""

    species: Name
    variety: Name | None
    probability: Probability


class Recognition(Strict):
    """The engine's answer for one photo."""

    species: Name | None
    variety: Name | None
    confidence: Probability
    sure: bool
    produce: Probability
    is_produce: bool
    candidates: Annotated[list[Candidate], Field(max_length=20)]
    model: ModelName


class CorrectionTokenOut(Schema):
    """The right to correct one answer."""

    token: str
    expires_at: datetime


class CorrectionShown(Schema):
    """What a person said a photo shows."""

    species: str
    variety: str | None
    created_at: datetime


class CorrectionOut(CorrectionShown):
    """A correction that was taken down."""

    id: UUID


class PhotoOut(Schema):
    """A stored photo of one's own."""

    url: str
    thumb_url: str
    width: int
    height: int
    bytes: int
    kept: bool
    improve: bool
    expires_at: datetime


class ScanOut(Schema):
    """One answer in the history."""

    id: UUID
    scanned_at: datetime
    source: Literal["server", "device"]
    recognition: Recognition
    correction: CorrectionShown | None
    photo: PhotoOut | None


class PhotoAnswer(Schema):
    """What a photo gets: the answer, the card of its first candidate, the right to correct, the row of the history."""

    recognition: Recognition
    card: SpeciesOut | None
    correction: CorrectionTokenOut
    scan: ScanOut | None


class DeviceAnswer(Strict):
    """An answer that a device found by itself."""

    model: ModelName
    species: Name | None = None
    confidence: Probability


class CorrectionIn(Strict):
    """The right species, and what is corrected: exactly one of ``token``, ``scan`` and ``device``."""

    species: Name
    variety: Name | None = None
    token: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    scan: UUID | None = None
    device: DeviceAnswer | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> CorrectionIn:
        if sum(one is not None for one in (self.token, self.scan, self.device)) != 1:
            raise ValueError("exactly one of token, scan and device")
        return self


class DeviceScan(Strict):
    """A scan that a device made by itself."""

    id: UUID
    scanned_at: ScannedAt
    recognition: Recognition


class DeviceScans(Strict):
    """Scans to add to the history."""

    scans: Annotated[list[DeviceScan], Field(max_length=100)]


class HistoryOut(Schema):
    """A page of the history, newest first, and where the next one begins."""

    items: list[ScanOut]
    next: str | None


class ScansOut(Schema):
    """Rows of the history."""

    items: list[ScanOut]


class ModelOut(Schema):
    """The model that a browser can run itself."""

    name: str
    url: str
    card_url: str
    bytes: int
    sha256: str


class UploadOut(Schema):
    """What an upload may be."""

    max_bytes: int
    max_pixels_jpeg: int
    max_pixels: int
    formats: list[str]


class WordingOut(Schema):
    """The sentence beside a switch, and its version."""

    version: str
    text: TextOut


class WordingsOut(Schema):
    """Both switches."""

    keep: WordingOut
    improve: WordingOut


class NoticeLink(Schema):
    """The privacy notice that holds."""

    version: str
    url: str


class ConfigOut(Schema):
    """What a client must know of this server."""

    model: ModelOut | None
    catalogue_url: str
    upload: UploadOut
    minimum_age: int
    retention_days: int
    correction_days: int
    consents: WordingsOut
    notice: NoticeLink
    version: str
