"""What is too old goes: photos, sessions, attempts, events, the audit log, accounts that nobody confirmed."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from fruits.web.accounts.models import Attempt, Session, User
from fruits.web.privacy.erasure import erase
from fruits.web.privacy.models import AuditEntry, Doomed, Event
from fruits.web.recognition import photos
from fruits.web.recognition.models import Photo

UNCONFIRMED_DAYS = 7
ATTEMPT_DAYS = 1
_BATCH = 500


def retain() -> dict[str, int]:
    """Delete what has expired; return how many of each, and how many files a storage did not let go of."""
    now = timezone.now()
    done = {"photos": 0, "accounts": 0}
    while batch := list(Photo.objects.filter(expires_at__lte=now)[:_BATCH]):
        photos.doom(batch)
        done["photos"] += len(batch)
    for user in User.objects.filter(verified_at=None, created_at__lte=now - timedelta(days=UNCONFIRMED_DAYS)):
        erase(user, reason="never confirmed")
        done["accounts"] += 1
    rows = {
        "sessions": Session.objects.filter(expire_date__lte=now),
        "attempts": Attempt.objects.filter(at__lte=now - timedelta(days=ATTEMPT_DAYS)),
        "events": Event.objects.filter(at__lte=now - timedelta(days=settings.EVENT_DAYS)),
        "audit": AuditEntry.objects.filter(at__lte=now - timedelta(days=settings.AUDIT_DAYS)),
    }
    done |= {name: found.delete()[0] for name, found in rows.items()}
    done["files left"] = photos.sweep(Doomed.objects.all())
    return done
