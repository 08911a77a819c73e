"""Django's commands: ``python -m fruits.web migrate``, ``check --deploy``, ``retain``, ``export_training``."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from fruits.web.errors import ConfigurationError


def main() -> int:
    """Run one of Django's commands; return its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fruits.web.settings")
    try:
        execute_from_command_line(["fruits.web", *sys.argv[1:]])
    except (ConfigurationError, ImproperlyConfigured) as error:
        sys.stderr.write(f"fruits.web: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
