"""Guessing made slow: so many attempts per network address and per account, shared by all workers.

Keys are keyed hashes, so that the table holds neither addresses nor e-mails. An account that does not exist is
throttled like one that does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from fruits.web.accounts.models import Attempt, canonical_email
from fruits.web.errors import ApiError
from fruits.web.rates import network


@dataclass(frozen=True)
class Allowance:
    """So many attempts of one kind in so many seconds."""

    kind: str
    count: int
    seconds: int


SIGN_IN_ACCOUNT = Allowance("sign-in/account", 10, 900)
SIGN_IN_ADDRESS = Allowance("sign-in/address", 50, 900)
MAIL_ACCOUNT = Allowance("mail/account", 5, 3600)
MAIL_ADDRESS = Allowance("mail/address", 30, 3600)
CONFIRM_ACCOUNT = Allowance("confirm/account", 10, 900)
EXPORT_ACCOUNT = Allowance("export/account", 10, 3600)
PASSKEY_ADDRESS = Allowance("passkey/address", 100, 900)
KINDS = (SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS, MAIL_ACCOUNT, MAIL_ADDRESS, CONFIRM_ACCOUNT, EXPORT_ACCOUNT)


def by_address(request: HttpRequest, allowance: Allowance) -> str:
    """The key of the network address that sent ``request``."""
    return _key(allowance, network(request.META.get("REMOTE_ADDR", "")))


def by_account(email: str, allowance: Allowance) -> str:
    """The key of the account of an e-mail address, existing or not."""
    return _key(allowance, canonical_email(email))


def hold(key: str, allowance: Allowance) -> None:
    """Raise ``ApiError`` ``throttled`` when ``key`` has used up its allowance."""
    wait = _wait(key, allowance)
    if wait:
        raise ApiError(429, "throttled", retry_after=wait)


def spent(key: str, allowance: Allowance) -> bool:
    """Whether ``key`` has used up its allowance."""
    return _wait(key, allowance) > 0


def count(key: str) -> None:
    """Write down one attempt."""
    Attempt.objects.create(key=key, at=timezone.now())


def forget(*keys: str) -> None:
    """Forget the attempts of ``keys``."""
    Attempt.objects.filter(key__in=keys).delete()


def keys_of_account(email: str) -> list[str]:
    """Every key under which attempts on an account are counted."""
    return [by_account(email, kind) for kind in KINDS]


def _wait(key: str, allowance: Allowance) -> int:
    now = timezone.now()
    since = now - timedelta(seconds=allowance.seconds)
    recent = Attempt.objects.filter(key=key, at__gt=since).order_by("-at").values_list("at", flat=True)
    nth = recent[allowance.count - 1 : allowance.count].first() if allowance.count else None
    return 0 if nth is None else max(1, math.ceil((nth - since).total_seconds()))


def _key(allowance: Allowance, word: str) -> str:
    return salted_hmac("fruits.web.throttling", f"{allowance.kind}:{word}", algorithm="sha256").hexdigest()
