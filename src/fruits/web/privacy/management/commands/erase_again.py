"""Erase anew, after a restore from a backup, whom the audit log says was erased."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from fruits.web.accounts.models import User
from fruits.web.privacy.erasure import erase
from fruits.web.privacy.journal import pseudonym


class Command(BaseCommand):
    """``python -m fruits.web erase_again < audit.log``."""

    help = "Erase the accounts that the audit log's lines (JSON, on standard input) say were erased."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many."""
        erased = set(filter(None, map(_erased, sys.stdin)))
        found = [user for user in User.objects.iterator() if pseudonym(user) in erased]
        for user in found:
            erase(user, reason="restored")
        self.stdout.write(f"{len(erased)} erasures in the log, {len(found)} accounts erased again")


def _erased(line: str) -> str:
    """The pseudonym of an erasure; empty for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return str(entry.get("actor", "")) if isinstance(entry, dict) and entry.get("action") == "erase" else ""
