"""A user's scans, the photos that a user chose to keep, and corrections."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Scan(models.Model):
    """One answer in a user's history; ``recognition`` is the engine's, as JSON."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="scans")
    scanned_at = models.DateTimeField()
    source = models.CharField(max_length=8)
    recognition = models.JSONField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["user", "-scanned_at", "-id"])]


class Photo(models.Model):
    """A photo that its owner said to keep (``kept``) or to learn from (``improve``), re-encoded; never the original.

    ``name`` is random and says nothing; ``region`` is the storage it lies in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="photos")
    scan = models.OneToOneField(Scan, models.CASCADE, related_name="photo")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=200, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    kept = models.BooleanField()
    improve = models.BooleanField()
    stored_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)


class Correction(models.Model):
    """What a person said a photo shows; ``recognition_id`` is that of the answer, and a second word replaces the first.

    ``user`` and ``scan`` are empty for somebody without an account; nothing then leads to a person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recognition_id = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="corrections")
    scan = models.OneToOneField(Scan, models.CASCADE, null=True, related_name="correction")
    source = models.CharField(max_length=8)
    model = models.CharField(max_length=64)
    predicted = models.CharField(max_length=64, default="")
    confidence = models.FloatField()
    species = models.CharField(max_length=64)
    variety = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField()
