"""The audit log and the outbox of events: both written in the transaction of what they tell."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from fruits.web.accounts.models import User
from fruits.web.privacy.models import AuditEntry, Event

EventKind = Literal["sign-in", "scan", "correction", "erasure"]

_log = logging.getLogger("fruits.audit")


def pseudonym(user: User | None) -> str:
    """The name of ``user`` in the log: an HMAC under the account's own key; nobody can redo it once the key is gone."""
    if user is None:
        return ""
    return hmac.new(bytes(user.audit_key), user.pk.bytes, hashlib.sha256).hexdigest()[:32]


def audit(user: User | None, action: str, **detail: Any) -> None:
    """Write who did what; ``detail`` holds no e-mail, no address and no id of the user."""
    entry = AuditEntry.objects.create(at=timezone.now(), actor=pseudonym(user), action=action, detail=detail)
    line = {"actor": entry.actor, "action": action, **detail}
    transaction.on_commit(lambda: _log.info(action, extra={"detail": line}))


def emit(kind: EventKind, user: User | None, **payload: Any) -> None:
    """Write an event; raises ``TransactionManagementError`` outside a transaction, where it could tell what is not."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"the event {kind!r} must be in the transaction of what it tells")
    Event.objects.create(kind=kind, at=timezone.now(), subject=pseudonym(user), payload=payload)
