"""Download a public data set from its home, counted and checked.

fruits-360: one fruit on white, 100x100 JPEG, a folder per class (Mihai Oltean, Horea Muresan).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fruits.cli.transfer import transfer_bar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", choices=("fruits-360",))
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument("--url", metavar="URL", help="a mirror: a git repository or an archive")


def run(arguments: argparse.Namespace) -> int:
    """Download."""
    from fruits.samples.fruits360 import fetch_fruits_360

    settings = {"url": arguments.url} if arguments.url else {}
    with transfer_bar("fruits-360", "") as progress:
        counts = fetch_fruits_360(arguments.directory, progress=progress, **settings)
    print(
        f"{counts.training:,} training and {counts.test:,} test images of {counts.labels} labels in"
        f" {arguments.directory}; now: fruits run {arguments.directory} OUT"
    )
    return 0
