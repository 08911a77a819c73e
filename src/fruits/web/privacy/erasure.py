"""Everything of a user goes: rows, files, mails on disk, and what the database would leave in its free pages."""

from __future__ import annotations

import contextlib

from django.db import connection, transaction

from fruits.web.accounts import throttling
from fruits.web.accounts.models import User
from fruits.web.mail import mail_folder
from fruits.web.privacy.journal import audit, emit
from fruits.web.recognition import photos
from fruits.web.recognition.models import Photo


def erase(user: User, reason: str = "asked") -> None:
    """Erase a user (GDPR, article 17), in one transaction; files follow as soon as it is through.

    The audit log and the outbox keep what was done under the pseudonym, whose key goes with the account.
    """
    email = user.email
    with transaction.atomic():
        audit(user, "erase", reason=reason)
        emit("erasure", user, region=user.region)
        photos.doom(Photo.objects.filter(user=user))
        throttling.forget(*throttling.keys_of_account(email))
        user.delete()  # sessions, scans, photos, corrections and consents go with it
    _forget_mails(email)
    _truncate_log()


def _forget_mails(email: str) -> None:
    for path in mail_folder().glob("*.log"):
        with contextlib.suppress(OSError):
            if path.read_text(encoding="utf-8", errors="replace").lower().startswith(f"to: {email}\n"):
                path.unlink()


def _truncate_log() -> None:
    """Empty SQLite's write-ahead log into the database, whose freed pages are overwritten (``secure_delete``)."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
