"""What the terminal is: its language, and what it can show."""

from __future__ import annotations

import os
import sys
from typing import Literal


def language() -> Literal["en", "fr"]:
    """Return the language that the locale's variables name: French, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"


def forgive_narrow_encodings() -> None:
    """Make an ASCII terminal show ``?`` for an accent rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
