"""plan, run: what it will cost, and the whole of it in one command."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common
from fruits.cli import run as chain
from fruits.errors import FruitsError

if TYPE_CHECKING:
    from fruits.cloud.forecast import Forecast, Throughput
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import CloudRun

_NOT_THERE = {"master": "the cluster is the master", "backbone_file": "name it: --backbone NAME travels along"}


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommands."""
    plan = common.add_action(
        actions, "plan", "count the images and forecast hours and EUR", _plan, parents=[chain_options()]
    )
    common.add_shape(plan)
    plan.add_argument("--record", action="append", default=[], metavar="OUT", help="an earlier OUT, for its throughput")
    plan.add_argument(
        "--hours", type=float, default=12.0, metavar="H", help="the longest a cheaper shape may take (12)"
    )
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
    run.add_argument("--record", action="append", default=[], metavar="OUT", help="an earlier OUT, for its throughput")
    run.add_argument("--download", metavar="DIR", help="folder for report and record (cloud-runs/RUN)")
    run.add_argument(
        "--on-interrupt",
        choices=("ask", "leave", "terminate"),
        default="ask",
        help="what Ctrl-C does with the cluster; without a terminal `ask` leaves it",
    )


def chain_options() -> argparse.ArgumentParser:
    """Return a parser with the arguments of ``fruits run``."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chain.add_arguments(parser)
    return parser


def chain_command(arguments: argparse.Namespace) -> list[str]:
    """Return the arguments of ``fruits`` on the cluster: those of this call that belong to ``fruits run``.

    Raises:
        UsageError: one makes no sense there.
    """
    from fruits.cloud.errors import UsageError

    command = ["run", arguments.images.rstrip("/"), arguments.out.rstrip("/")]
    for action in chain_options()._actions:
        value = getattr(arguments, action.dest)
        if not action.option_strings or value == action.default:
            continue
        option = action.option_strings[0]
        if action.dest in _NOT_THERE:
            raise UsageError(f"{option} is not for the cloud: {_NOT_THERE[action.dest]}")
        if isinstance(value, list):
            command += [word for one in value for word in (option, str(one))]
        elif isinstance(value, bool):
            command.append(option)
        else:
            command += [option, str(value)]
    return command


def _plan(arguments: argparse.Namespace) -> int:
    from fruits.cloud.forecast import cheapest, forecast
    from fruits.cloud.shapes import candidates

    chain_command(arguments)
    door, table = common.aws(arguments), common.prices()
    chosen = common.shape(arguments, table)
    throughput = _throughput(arguments, None)
    count = count_images(arguments, door.region)
    asked = forecast(count, chosen, throughput, table, door.region)
    common.say(f"{count:,} images to embed in {door.region}")
    common.say(asked.line())
    others = [forecast(count, each, throughput, table, door.region) for each in candidates(table)]
    for one in sorted(others, key=lambda one: one.eur.likely)[:5]:
        common.say(f"  {one.line()}")
    best = cheapest(others, arguments.hours)
    if best is not None and best.eur.likely < asked.eur.likely:
        saving = asked.eur.likely - best.eur.likely
        common.say(f"cheapest within {arguments.hours:g} h: {best.shape.describe()}, {saving:.2f} EUR less")
    for sentence in asked.basis:
        common.say(f"- {sentence}")
    return 0


def _throughput(arguments: argparse.Namespace, manager: Runner | None) -> Throughput:
    """Return what earlier runs did: those named, else the last ones of the site."""
    from fruits.cli.settings import storage_options
    from fruits.cloud.errors import UsageError
    from fruits.cloud.forecast import Throughput
    from fruits.records import RUN, RunRecord
    from fruits.storage import MissingError, open_storage

    named = list(arguments.record)
    if not named and manager is not None:
        named = [run.out for run in manager.runs.all(newest=10) if run.outcome == "succeeded" and run.out][-5:]
    records = []
    for out in named:
        try:
            records.append(RunRecord.from_json(open_storage(out, storage_options()).read(RUN)))
        except MissingError as error:
            if arguments.record:
                raise UsageError(f"--record {out}: {error}") from error
        except (ValueError, TypeError) as error:
            raise UsageError(f"--record {out}: its {RUN} cannot be understood") from error
    return Throughput.from_records(records)


def count_images(arguments: argparse.Namespace, region: str) -> int:
    """Return how many images would be embedded: those listed, less those that OUT holds already."""
    from fruits.cli.settings import storage_options
    from fruits.cloud.errors import UsageError
    from fruits.pipeline.listing import list_images
    from fruits.records import RUN, RunRecord
    from fruits.storage import MissingError, StorageError, open_storage

    preset: dict[str, Any] = chain.MODES.get(arguments.mode or "full", {})
    options = replace(storage_options(), region=region)
    try:
        images = open_storage(arguments.images, options)
        count = sum(1 for _ in list_images(images, arguments.label or preset.get("label", ())))
    except StorageError as error:
        raise UsageError(str(error)) from error
    limit = arguments.limit if arguments.limit is not None else preset.get("limit")
    count = count if limit is None else min(count, limit)
    if not count:
        raise UsageError(f"no images below {arguments.images}; expected folders of .jpg, .png, ...")
    try:
        earlier = RunRecord.from_json(open_storage(arguments.out, options).read(RUN))
    except (MissingError, ValueError, TypeError):
        return count
    return count if arguments.fresh else max(0, count - earlier.features)


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


def check_places(manager: Runner, images: str, out: str) -> None:
    """Raise :class:`UsageError` for places that the site's roles do not open."""
    from fruits.cloud.errors import UsageError
    from fruits.cloud.site import lies_below, split_uri

    for uri in (images, out):
        split_uri(uri)
    site, mend = manager.site, f"fruits cloud setup --bucket {manager.site.bucket}"
    if not lies_below(out, site.results):
        raise UsageError(f"clusters may write below {site.results} only, not {out}; or run: {mend} --results {out}")
    if not any(lies_below(images, place) for place in site.images):
        raise UsageError(f"clusters may read {', '.join(site.images)}, not {images}; or run: {mend} --images {images}")


def _new_run(arguments: argparse.Namespace, manager: Runner, command: list[str]) -> CloudRun:
    """Return a run that is planned: forecast, within its budget, its package uploaded."""
    from fruits.cloud.forecast import forecast

    run = planned(arguments, manager)
    count = count_images(arguments, manager.site.region)
    told = forecast(count, run.machines, _throughput(arguments, manager), manager.prices, manager.site.region)
    common.say(f"{count:,} images to embed in {manager.site.region}")
    common.say(told.line())
    for sentence in told.basis:
        common.say(f"- {sentence}")
    _check_budget(arguments.budget, told, manager)
    run.images, run.out, run.command = command[1], command[2], command
    run.expected, run.hourly_eur, run.requests_eur = count, told.hourly_eur, told.requests_eur
    run.forecast = {
        "hours": [told.hours.low, told.hours.likely, told.hours.high],
        "eur": [told.eur.low, told.eur.likely, told.eur.high],
    }
    run.package = package_uri(arguments, manager, run)
    return run


def planned(arguments: argparse.Namespace, manager: Runner) -> CloudRun:
    """Return a run with the machines and the budget that the options describe."""
    from fruits.cloud.state import CloudRun, new_run_id
    from fruits.cloud.target import check_release

    check_release(arguments.release)
    shape = common.shape(arguments, manager.prices)
    usd, _ = shape.hourly_usd(manager.prices, manager.site.region)
    return CloudRun(
        run=new_run_id(),
        region=manager.site.region,
        shape=shape.to_json(),
        release=arguments.release,
        home=arguments.home,
        outside_eu=arguments.outside_eu or manager.site.outside_eu,
        owner=manager.aws.identity.name,
        budget_eur=arguments.budget,
        hourly_eur=manager.prices.to_eur(usd),
        vcpus=shape.vcpus(manager.prices),
        key_name=arguments.key_name,
    )


def _check_budget(budget: float, told: Forecast, manager: Runner) -> None:
    from fruits.cloud.errors import UsageError
    from fruits.cloud.forecast import cheapest, forecast
    from fruits.cloud.shapes import candidates

    hours = told.hours_for(budget)
    if told.hours.likely <= hours:
        if told.hours.high > hours:
            common.say(
                f"it may take up to {told.hours.high:.1f} h and {told.eur.high:.2f} EUR;"
                f" at {budget:.2f} EUR it is stopped after {hours:.1f} h, and can be resumed"
            )
        return
    others = [
        forecast(told.images, each, told.throughput, manager.prices, manager.site.region)
        for each in candidates(manager.prices)
    ]
    best = cheapest([one for one in others if one.least_budget <= budget], 48)
    offer = ""
    if best is not None:
        offer = f"; {best.shape.describe()} would likely cost {best.eur.likely:.2f} EUR"
    why = f"more than the budget of {budget:.2f} EUR"
    if told.eur.likely <= budget:
        why = (
            f"but needs {60 * told.hours.likely:.0f} minutes: a budget of {budget:.2f} EUR pays for {60 * hours:.0f},"
            f" at {told.hourly_eur:.2f} EUR an hour with all its machines and 5 minutes to end"
        )
    raise UsageError(
        f"this likely costs {told.eur.likely:.2f} EUR ({told.eur.low:.2f} to {told.eur.high:.2f}), {why};"
        f" nothing was started; --budget {math.ceil(100 * told.least_budget) / 100:.2f} would do{offer}"
    )


def package_uri(arguments: argparse.Namespace, manager: Runner, run: CloudRun) -> str:
    """Return the package that is named, or the one of now, built and uploaded."""
    from fruits.cli.cloud_site import packaged
    from fruits.cloud.package import check_uploaded

    serverless = run.machines.target == "serverless"
    if arguments.package:
        uri = str(arguments.package).rstrip("/")
        check_uploaded(uri, manager.site, manager.aws, archive=serverless)
        return uri
    architecture = manager.prices.instance(run.machines.instance).architecture
    return packaged(manager.site, manager.aws, architecture, arguments.wheel, getattr(arguments, "backbone", None))


def goes_on(run: CloudRun) -> str:
    """Return the sentence on what an interrupted call leaves behind."""
    from datetime import UTC, datetime

    if not run.identifier and run.stage == "planned":
        return "Nothing was started."
    stop = f"{datetime.fromtimestamp(run.deadline, UTC):%Y-%m-%d %H:%M} UTC" if run.deadline else "the end of its job"
    return f"Run {run.run} ({run.identifier or 'starting'}) goes on and stops by itself, at {stop} at the latest."


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
