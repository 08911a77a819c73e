"""Draw OUT/report.html again from what a run left."""

from __future__ import annotations

import argparse

from fruits.cli.settings import storage_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("out", metavar="OUT", help="folder or s3:// URI that a run wrote to")


def run(arguments: argparse.Namespace) -> int:
    """Draw the report."""
    from fruits.pipeline.report import draw_report
    from fruits.storage import open_storage

    print(draw_report(open_storage(arguments.out, storage_options())))
    return 0
