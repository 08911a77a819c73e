"""What the promises rest on: consents, the audit log, the outbox of events, files still to delete."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Consent(models.Model):
    """A switch that a user turned, when, and the version of the sentence that was beside it; never changed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=16)
    granted = models.BooleanField()
    text_version = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]


class AuditEntry(models.Model):
    """Who did what, when; ``actor`` is a pseudonym whose key dies with the account, empty for nobody signed in."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=32, db_index=True)
    action = models.CharField(max_length=48)
    detail = models.JSONField(default=dict)


class Event(models.Model):
    """One fact for whoever listens later, written in the same transaction as what it tells (an outbox).

    Readers take rows in order of ``number`` and deduplicate by ``id``. ``subject`` is the pseudonym of the audit log.
    """

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=32)
    at = models.DateTimeField(db_index=True)
    subject = models.CharField(max_length=32, db_index=True)
    payload = models.JSONField(default=dict)


class Doomed(models.Model):
    """A stored file that must go: written with the deletion of its row, gone once the storage has deleted it."""

    region = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    at = models.DateTimeField()
