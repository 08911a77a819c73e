"""The right to correct one answer: signed, expiring, bound to the account that got the answer if there was one.

It carries the answer itself, so that a photo that was forgotten can still be corrected.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils import timezone

from fruits.web.accounts.models import User
from fruits.web.errors import ApiError

_SALT = "fruits.web.correction"


@dataclass(frozen=True)
class Answer:
    """What is corrected."""

    id: uuid.UUID
    model: str
    species: str
    confidence: float


def make(answer: Answer, user: User | None) -> tuple[str, datetime]:
    """The token of an answer, and when it expires."""
    body = [str(answer.id), answer.model, answer.species, answer.confidence, None if user is None else str(user.pk)]
    token = signing.dumps(body, salt=_SALT, compress=True)
    return token, timezone.now() + timedelta(days=settings.CORRECTION_DAYS)


def read(token: str, user: User | None) -> Answer:
    """The answer of a token; raises ``ApiError`` for one that has expired, is forged or is somebody else's."""
    try:
        body: list[Any] = signing.loads(token, salt=_SALT, max_age=timedelta(days=settings.CORRECTION_DAYS))
        id_, model, species, confidence, owner = body
    except signing.SignatureExpired as error:
        raise ApiError(410, "token-expired") from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise ApiError(400, "token-invalid") from error
    if owner is not None and (user is None or str(user.pk) != owner):
        raise ApiError(400, "token-invalid")
    return Answer(uuid.UUID(id_), str(model), str(species), float(confidence))
