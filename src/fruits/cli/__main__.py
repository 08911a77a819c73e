"""``python -m fruits.cli``."""

import sys

from fruits.cli import main

sys.exit(main())
