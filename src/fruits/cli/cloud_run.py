"""run: the whole of it in one command."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common
from fruits.cli import run as chain
from fruits.cli.cloud_job import chain_command, chain_options, check_places, goes_on, planned
from fruits.cli.cloud_package import package_uri
from fruits.cli.cloud_plan import add_record, check_budget, count_images, throughput_of
from fruits.errors import FruitsError

if TYPE_CHECKING:
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import CloudRun


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommand."""
    run = common.add_action(
        actions,
        "run",
        "create, submit, watch, download the report, terminate: one command, safe to interrupt and resume",
        _run,
        parents=[chain_options()],
    )
    common.add_shape(run)
    common.add_release(run)
    common.add_budget(run)
    add_record(run)
    run.add_argument("--download", metavar="DIR", help="folder for report and record (cloud-runs/RUN)")
    run.add_argument(
        "--on-interrupt",
        choices=("ask", "leave", "terminate"),
        default="ask",
        help="what Ctrl-C does with the cluster; without a terminal `ask` leaves it",
    )


def _run(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import CloudError, CredentialsError

    images, out = arguments.images.rstrip("/"), arguments.out.rstrip("/")
    command = chain_command(arguments)
    manager = common.runner(arguments, out)
    check_places(manager, images, out)
    run = manager.runs.of(out)
    if run is not None and run.stage != "closed":
        common.say(f"going on with {run.run}, as it was asked for: {shlex.join(['fruits', *run.command])}")
    else:
        run = _new_run(arguments, manager, command)
        manager.runs.begin(run)
    folder = arguments.download or f"cloud-runs/{run.run}"
    again = chain.resume_command(arguments.given)
    try:
        if run.stage != "ended":
            manager.start(run)
        seen = manager.watch(run)
        manager.finish(run, seen, folder)
    except KeyboardInterrupt:
        raise _interrupted(arguments, manager, run, again) from None
    except CredentialsError as error:
        raise CredentialsError(f"{error}. {goes_on(run)} To go on: {again}") from error
    except CloudError as error:
        if run.stage in ("starting", "started"):
            raise type(error)(f"{error}. {goes_on(run)} To go on: {again}") from error
        raise
    return 0


def _new_run(arguments: argparse.Namespace, manager: Runner, command: list[str]) -> CloudRun:
    """Return a run that is planned: forecast, within its budget, its package uploaded."""
    from fruits.cloud.forecast import forecast

    run = planned(arguments, manager)
    count = count_images(arguments, manager.site.region)
    throughput = throughput_of(arguments, manager.runs, manager.site.region)
    told = forecast(count, run.machines, throughput, manager.prices, manager.site.region)
    common.say(f"{count:,} images to embed in {manager.site.region}")
    common.say(told.line())
    for sentence in told.basis:
        common.say(f"- {sentence}")
    check_budget(arguments.budget, told, manager)
    run.images, run.out, run.command = command[1], command[2], command
    run.expected, run.hourly_eur, run.requests_eur = count, told.hourly_eur, told.requests_eur
    run.forecast = {
        "hours": [told.hours.low, told.hours.likely, told.hours.high],
        "eur": [told.eur.low, told.eur.likely, told.eur.high],
    }
    run.package = package_uri(arguments, manager, run)
    return run


def _interrupted(arguments: argparse.Namespace, manager: Runner, run: CloudRun, again: str) -> FruitsError:
    """Ask what to do with the cluster, do it, and return the sentence to leave with."""
    choice = arguments.on_interrupt
    if choice == "ask":
        choice = "leave"
        if sys.stdin.isatty():
            answer = input(f"\nLeave {run.identifier or run.run} running? [y/N] ")
            choice = "leave" if answer.strip().lower().startswith("y") else "terminate"
    if choice == "leave":
        return chain.Interrupted(f"interrupted. {goes_on(run)} To watch again: {again}")
    manager.terminate(run, "interrupted")
    return chain.Interrupted(f"interrupted; {run.identifier or 'nothing'} was terminated. To go on: {again}")
