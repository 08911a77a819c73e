"""Draw a small data set in the layout of Fruits-360, the same every time.

Several labels, several angles, white ground: DIR/Training/LABEL/ANGLE.jpg and DIR/Test/LABEL/ANGLE.jpg.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fruits.cli.transfer import transfer_bar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument("--images", type=int, default=600, metavar="N", help="how many images (600)")


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    from fruits.samples.draw import draw_samples

    with transfer_bar("drawing", " images") as progress:
        count = draw_samples(arguments.directory, images=arguments.images, progress=progress)
    print(f"{count:,} images in {arguments.directory}; now: fruits run {arguments.directory} OUT")
    return 0
