"""One photo's way through the server: recognised, perhaps remembered, perhaps kept."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from fruits.web.accounts.models import User
from fruits.web.errors import ApiError
from fruits.web.privacy import consents
from fruits.web.privacy.journal import audit, emit
from fruits.web.recognition import catalogue, engine, photos, tokens
from fruits.web.recognition.models import Correction, Photo, Scan
from fruits.web.recognition.schemas import CorrectionIn

Json = dict[str, Any]


def scan_photo(
    data: bytes,
    user: User | None,
    wishes: dict[consents.Kind, bool | None],
    id_: uuid.UUID | None = None,
    scanned_at: datetime | None = None,
) -> Json:
    """Answer for a photo; for a user also write the history, and store the photo where a switch allows it.

    ``wishes`` may hold a switch back for this photo, never turn on what the account has not consented to. A scan that
    the user already has under ``id_`` is answered again as it is: nothing is recognised or stored.
    Raises ``ApiError``, ``not-found`` when ``id_`` is that of another user's scan.
    """
    scan = _own(user, id_)
    if scan is not None:
        return _answer(scan.pk, scan.recognition, user, scan)
    allowed = _allowed(user, wishes)
    recognition, _ = engine.recognise(data)
    if user is None:
        with transaction.atomic():
            _tell(None, recognition, "server", stored=False)
        return _answer(uuid.uuid4(), recognition, None, None)
    scan = Scan(id_ or uuid.uuid4(), user=user, scanned_at=_time(scanned_at), source="server", recognition=recognition)
    try:
        _remember(scan, data, allowed)
    except IntegrityError:  # the same photo, sent twice at a time
        scan = _own(user, id_)
        if scan is None:
            raise
    return _answer(scan.pk, scan.recognition, user, scan)


def add_device_scans(user: User, scans: list[Json]) -> list[Scan]:
    """Write scans that a device made into the history; those already there stay as they are.

    Raises ``ApiError`` ``not-found`` when an id is that of another user's scan.
    """
    found = []
    for one in scans:
        _check_known(one["recognition"])
    with transaction.atomic():
        for one in scans:
            scan, made = Scan.objects.get_or_create(
                pk=one["id"],
                defaults={
                    "user": user,
                    "scanned_at": _time(one["scanned_at"]),
                    "source": "device",
                    "recognition": one["recognition"],
                },
            )
            if scan.user_id != user.pk:
                raise ApiError(404, "not-found")
            if made:
                _tell(user, one["recognition"], "device", stored=False)
            found.append(scan)
    return found


def correct(wish: CorrectionIn, user: User | None) -> Correction:
    """Take down what a photo really shows; raises ``ApiError``."""
    if wish.species not in catalogue.catalogue():
        raise ApiError(422, "unknown-species")
    if wish.variety is not None and not catalogue.variety_exists(wish.species, wish.variety):
        raise ApiError(422, "unknown-species")
    answer, source, scan = _corrected(wish, user)
    with transaction.atomic():
        _check_not_anothers(answer, user)
        row, _ = Correction.objects.update_or_create(
            recognition_id=answer.id,
            defaults={
                "user": user,
                "scan": scan,
                "source": source,
                "model": answer.model,
                "predicted": answer.species,
                "confidence": answer.confidence,
                "species": wish.species,
                "variety": wish.variety or "",
                "created_at": timezone.now(),
            },
        )
        emit("correction", user, model=answer.model, predicted=answer.species, species=wish.species, source=source)
        if user is not None:
            audit(user, "correction", species=wish.species)
    return row


def scan_json(scan: Scan) -> Json:
    """A row of the history as the API shows it."""
    correction = getattr(scan, "correction", None)
    photo = getattr(scan, "photo", None)
    return {
        "id": scan.pk,
        "scanned_at": scan.scanned_at,
        "source": scan.source,
        "recognition": scan.recognition,
        "correction": None if correction is None else correction_json(correction),
        "photo": None if photo is None else photo_json(photo),
    }


def correction_json(row: Correction) -> Json:
    """A correction as the API shows it."""
    return {"id": row.pk, "species": row.species, "variety": row.variety or None, "created_at": row.created_at}


def photo_json(photo: Photo) -> Json:
    """A stored photo as the API shows it."""
    url = f"/api/history/{photo.scan_id}/photo"
    return {
        "url": f"{url}?size=full",
        "thumb_url": f"{url}?size=thumb",
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "kept": photo.kept,
        "improve": photo.improve,
        "expires_at": photo.expires_at,
    }


def _allowed(user: User | None, wishes: dict[consents.Kind, bool | None]) -> dict[consents.Kind, bool]:
    if user is None:
        return dict.fromkeys(consents.KINDS, False)
    granted = consents.granted(user)
    for kind, wish in wishes.items():
        if wish and not granted[kind]:
            raise ApiError(409, "consent-needed")
    wanted = {kind: granted[kind] and wishes.get(kind) is not False for kind in consents.KINDS}
    if any(wanted.values()) and Photo.objects.filter(user=user).count() >= settings.MAX_PHOTOS:
        return dict.fromkeys(consents.KINDS, False)
    return wanted


def _own(user: User | None, id_: uuid.UUID | None) -> Scan | None:
    """The scan of that id if the user has it already; raises ``ApiError`` ``not-found`` when it is another's."""
    if user is None or id_ is None:
        return None
    scan = Scan.objects.filter(pk=id_).select_related("photo", "correction").first()
    if scan is not None and scan.user_id != user.pk:
        raise ApiError(404, "not-found")
    return scan


def _time(scanned_at: datetime | None) -> datetime:
    """When a photo was taken by its client's word; not in the future."""
    now = timezone.now()
    return now if scanned_at is None else min(scanned_at, now)


def _remember(scan: Scan, data: bytes, allowed: dict[consents.Kind, bool]) -> None:
    """Write a new scan, and the photo where that is allowed; raises ``IntegrityError`` when its id is taken."""
    if any(allowed.values()):
        _remember_with_photo(scan, data, allowed)
        return
    with transaction.atomic():
        scan.save(force_insert=True)
        _tell(scan.user, scan.recognition, scan.source, stored=False)


def _remember_with_photo(scan: Scan, data: bytes, allowed: dict[consents.Kind, bool]) -> None:
    with engine.slot():
        photo = engine.decode_within_limits(data, longest=settings.KEPT_LONGEST_SIDE)
        jpeg, width, height = photos.re_encode(photo.pixels)
    with photos.stored(scan.user.region, jpeg) as name, transaction.atomic():
        scan.save(force_insert=True)
        photos.attach(scan, name, jpeg, (width, height), kept=allowed["keep"], improve=allowed["improve"])
        _tell(scan.user, scan.recognition, scan.source, stored=True)


def _answer(id_: uuid.UUID, recognition: Json, user: User | None, scan: Scan | None) -> Json:
    species = recognition["species"]
    answer = tokens.Answer(id_, recognition["model"], species or "", recognition["confidence"])
    token, expires_at = tokens.make(answer, user)
    return {
        "recognition": recognition,
        "card": catalogue.full(species) if recognition["is_produce"] and species in catalogue.catalogue() else None,
        "correction": {"token": token, "expires_at": expires_at},
        "scan": None if scan is None else scan_json(scan),
    }


def _tell(user: User | None, recognition: Json, source: str, *, stored: bool) -> None:
    emit(
        "scan",
        user,
        model=recognition["model"],
        species=recognition["species"],
        sure=recognition["sure"],
        is_produce=recognition["is_produce"],
        source=source,
        stored=stored,
    )
    if user is not None:
        audit(user, "scan", source=source, stored=stored)


def _corrected(wish: CorrectionIn, user: User | None) -> tuple[tokens.Answer, str, Scan | None]:
    if wish.token is not None:
        answer = tokens.read(wish.token, user)
        scan = None if user is None else Scan.objects.filter(pk=answer.id, user=user).first()
        return answer, "server", scan
    if wish.scan is not None:
        if user is None:
            raise ApiError(401, "not-signed-in")
        scan = Scan.objects.filter(pk=wish.scan, user=user).first()
        if scan is None:
            raise ApiError(404, "not-found")
        said = scan.recognition
        answer = tokens.Answer(scan.pk, said["model"], said["species"] or "", said["confidence"])
        return answer, scan.source, scan
    device = wish.device
    if device is None:
        raise ApiError(400, "bad-request")
    return tokens.Answer(uuid.uuid4(), device.model, device.species or "", device.confidence), "device", None


def _check_not_anothers(answer: tokens.Answer, user: User | None) -> None:
    """Ids come from clients: that of an answer may be one that another user has corrected."""
    owner = Correction.objects.filter(recognition_id=answer.id).values_list("user_id", flat=True).first()
    if owner is not None and (user is None or owner != user.pk):
        raise ApiError(404, "not-found")


def _check_known(recognition: Json) -> None:
    named = {recognition["species"], *(candidate["species"] for candidate in recognition["candidates"])}
    if any(species is not None and species not in catalogue.catalogue() for species in named):
        raise ApiError(422, "unknown-species")
