"""Write the photos whose owners let them improve the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fruits.web.privacy.training import export_training


class Command(BaseCommand):
    """``python -m fruits.web export_training FOLDER``."""

    help = "Write the photos that may be learnt from, labelled, into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many."""
        try:
            count = export_training(options["folder"])
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} photos")
