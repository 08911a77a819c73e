"""Operations on one's own history."""

from __future__ import annotations

import base64
import binascii
import io
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from PIL import Image

from fruits.vision.decode import decode
from fruits.web.accounts.models import User
from fruits.web.errors import ApiError
from fruits.web.http import SignedIn, refusals, user_of
from fruits.web.privacy.journal import audit
from fruits.web.rates import Limiter, Rate
from fruits.web.recognition import photos, service
from fruits.web.recognition.models import Correction, Photo, Scan
from fruits.web.recognition.schemas import DeviceScans, HistoryOut, ScanOut, ScansOut, in_utc

router = Router(auth=SignedIn(), tags=["history"])
_additions = Limiter(Rate(30, 60.0))


@router.get("", response={200: HistoryOut, **refusals(401, 422)})
def list_scans(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """One's own scans, newest first; ``before`` is the ``next`` of the page above."""
    rows = Scan.objects.filter(user=user_of(request)).select_related("photo", "correction")
    if before:
        at, id_ = _cursor(before)
        rows = rows.filter(Q(scanned_at__lt=at) | Q(scanned_at=at, pk__lt=id_))
    found = list(rows.order_by("-scanned_at", "-pk")[: limit + 1])
    more = found[limit - 1] if len(found) > limit else None
    return {
        "items": [service.scan_json(scan) for scan in found[:limit]],
        "next": None if more is None else _make_cursor(more),
    }


@router.post("", response={200: ScansOut, **refusals(401, 404, 422)})
def add_scans(request: HttpRequest, wish: DeviceScans) -> dict[str, Any]:
    """Add scans that the device made by itself; those already there are left as they are."""
    wait = _additions.take(str(user_of(request).pk))
    if wait:
        raise ApiError(429, "throttled", retry_after=max(1, round(wait)))
    scans = [
        {"id": one.id, "scanned_at": one.scanned_at, "recognition": one.recognition.model_dump()} for one in wish.scans
    ]
    rows = service.add_device_scans(user_of(request), scans)
    return {"items": [service.scan_json(scan) for scan in rows]}


@router.delete("", response={204: None, **refusals(401)})
def delete_all(request: HttpRequest) -> tuple[int, None]:
    """Delete every scan of one's own, with photos and corrections."""
    user = user_of(request)
    with transaction.atomic():
        photos.doom(Photo.objects.filter(user=user))
        Correction.objects.filter(user=user).delete()
        count, _ = Scan.objects.filter(user=user).delete()
        audit(user, "delete-history", rows=count)
    return 204, None


@router.get("/{uuid:scan}", response={200: ScanOut, **refusals(401, 404, 422)})
def one_scan(request: HttpRequest, scan: UUID) -> dict[str, Any]:
    """One scan of one's own."""
    return service.scan_json(_own(user_of(request), scan))


@router.delete("/{uuid:scan}", response={204: None, **refusals(401, 404, 422)})
def delete_scan(request: HttpRequest, scan: UUID) -> tuple[int, None]:
    """Delete one scan, its photo and its correction."""
    user = user_of(request)
    with transaction.atomic():
        row = _own(user, scan)
        photos.doom(Photo.objects.filter(scan=row))
        Correction.objects.filter(recognition_id=row.pk, user=user).delete()
        row.delete()
        audit(user, "delete-scan")
    return 204, None


@router.get(
    "/{uuid:scan}/photo",
    response={200: Annotated[bytes, "image/jpeg"], **refusals(401, 404, 422)},
    openapi_extra={"responses": {200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}}},
)
def photo(request: HttpRequest, scan: UUID, size: Literal["thumb", "full"] = "full") -> HttpResponse:
    """The stored photo of a scan of one's own, or a thumbnail of it; always a JPEG that we made ourselves."""
    row = Photo.objects.filter(scan_id=scan, user=user_of(request)).first()
    if row is None:
        raise ApiError(404, "not-found")
    try:
        data = photos.read(row)
    except OSError as error:
        raise ApiError(404, "not-found") from error
    if size == "thumb":
        data = _thumbnail(data)
    response = HttpResponse(data, content_type="image/jpeg")
    response["Content-Disposition"] = f'inline; filename="fruit-{size}.jpg"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@router.delete("/{uuid:scan}/photo", response={204: None, **refusals(401, 404, 422)})
def delete_photo(request: HttpRequest, scan: UUID) -> tuple[int, None]:
    """Delete the stored photo of a scan, and leave the scan."""
    user = user_of(request)
    rows = list(Photo.objects.filter(scan_id=scan, user=user))
    if not rows:
        raise ApiError(404, "not-found")
    with transaction.atomic():
        photos.doom(rows)
        audit(user, "delete-photo")
    return 204, None


def _own(user: User, id_: UUID) -> Scan:
    scan = Scan.objects.filter(pk=id_, user=user).select_related("photo", "correction").first()
    if scan is None:
        raise ApiError(404, "not-found")
    return scan


def _thumbnail(data: bytes) -> bytes:
    file = io.BytesIO()
    Image.fromarray(decode(data, longest=photos.THUMBNAIL).pixels).save(file, "JPEG", quality=80)
    return file.getvalue()


def _make_cursor(scan: Scan) -> str:
    words = f"{scan.scanned_at.isoformat()} {scan.pk}"
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def _cursor(words: str) -> tuple[datetime, UUID]:
    try:
        at, id_ = base64.urlsafe_b64decode(words + "=" * (-len(words) % 4)).decode().split(" ")
        parsed = datetime.fromisoformat(at)
        if parsed.tzinfo is None:
            raise ValueError("a time without its zone")
        return in_utc(parsed), UUID(id_)
    except (ValueError, binascii.Error) as error:
        raise ApiError(422, "invalid", fields={"before": ["not a cursor"]}) from error
