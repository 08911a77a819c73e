"""Run the chain on a cluster of AWS in the EU, under a budget, with nothing left running.

Begin with `fruits cloud verify`, then `setup`, then `plan` and `run`. Exit codes beside the usual ones: 4 stopped by
the budget, 5 AWS refused the credentials (what runs stops by itself; the same command goes on). More: docs/cloud.md.
"""

from __future__ import annotations

import argparse

from fruits.cli import cloud_cluster, cloud_look, cloud_package, cloud_plan, cloud_run, cloud_site

_PARTS = (cloud_site, cloud_package, cloud_plan, cloud_run, cloud_cluster, cloud_look)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for part in _PARTS:
        part.add_actions(actions)


def run(arguments: argparse.Namespace) -> int:
    """Do what the subcommand says."""
    return int(arguments.do(arguments))
