"""Delete what has expired; run it once a day."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fruits.web.privacy.retention import retain


class Command(BaseCommand):
    """``python -m fruits.web retain``."""

    help = "Delete photos, sessions, attempts, events and log lines that have expired, and unconfirmed accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many of each."""
        done = retain()
        self.stdout.write(json.dumps(done))
        if done["files left"]:
            raise CommandError("the storage did not delete every file: run it again, and see the log")
