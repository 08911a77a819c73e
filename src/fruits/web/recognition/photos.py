"""Photos that are kept: re-encoded, under a random name, in the region of their owner; and gone when they must go."""

from __future__ import annotations

import contextlib
import io
import logging
import secrets
from collections.abc import Iterable, Iterator
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from fruits.web.privacy.models import Doomed
from fruits.web.recognition.models import Photo, Scan

THUMBNAIL = 320
_QUALITY = 85
_log = logging.getLogger("fruits.web.photos")


def storage_of(region: str) -> Storage:
    """The storage of a region."""
    return storages[f"photos-{region}"]


def re_encode(pixels: NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """A JPEG made anew from the pixels alone, with its width and height: no EXIF, no GPS, no serial."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue(), pixels.shape[1], pixels.shape[0]


@contextlib.contextmanager
def stored(region: str, data: bytes) -> Iterator[str]:
    """Write ``data`` under a random name; when the block fails the file goes again."""
    token = secrets.token_hex(20)
    storage = storage_of(region)
    name = storage.save(f"{token[:2]}/{token}.jpg", ContentFile(data))
    try:
        yield name
    except BaseException:
        with contextlib.suppress(Exception):  # the first failure is the one to tell
            storage.delete(name)
        raise


def attach(scan: Scan, name: str, data: bytes, size: tuple[int, int], *, kept: bool, improve: bool) -> Photo:
    """The row of a stored photo; it expires after the retention time."""
    now = timezone.now()
    return Photo.objects.create(
        user=scan.user,
        scan=scan,
        region=scan.user.region,
        name=name,
        width=size[0],
        height=size[1],
        bytes=len(data),
        kept=kept,
        improve=improve,
        stored_at=now,
        expires_at=now + timedelta(days=settings.RETENTION_DAYS),
    )


def read(photo: Photo) -> bytes:
    """The stored bytes; raises ``OSError`` when the storage does not give them."""
    with storage_of(photo.region).open(photo.name) as file:
        return bytes(file.read())


def doom(photos: Iterable[Photo]) -> None:
    """Delete rows of photos, and their files once the transaction is through.

    What must go is written down in the same transaction: a storage that does not answer now is asked again by
    ``retain``.
    """
    gone = list(photos)
    with transaction.atomic():
        now = timezone.now()
        rows = Doomed.objects.bulk_create(Doomed(region=one.region, name=one.name, at=now) for one in gone)
        Photo.objects.filter(pk__in=[one.pk for one in gone]).delete()
        transaction.on_commit(lambda: sweep(rows))


def sweep(rows: Iterable[Doomed]) -> int:
    """Delete the files of ``rows``; return how many are still there because the storage failed."""
    left = 0
    for row in rows:
        try:
            storage_of(row.region).delete(row.name)
        except Exception:  # noqa: BLE001  (whatever a storage raises: the row stays and is tried again)
            left += 1
            _log.exception("a stored photo could not be deleted yet")
        else:
            Doomed.objects.filter(pk=row.pk).delete()
    return left
