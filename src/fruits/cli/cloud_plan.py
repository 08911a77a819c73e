"""prices, plan: what an hour costs, and what a run will; `run` asks the same before it starts anything."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common
from fruits.cli import run as chain
from fruits.cli.cloud_job import chain_command, chain_options

if TYPE_CHECKING:
    from fruits.cloud.aws import Aws
    from fruits.cloud.forecast import Forecast, Throughput
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import Runs
    from fruits.records import RunRecord

_LOOKED_AT, _TAKEN = 20, 5  # runs of the bucket that are looked at for throughput, and those that tell it


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommands."""
    table = common.add_action(actions, "prices", "show the table of prices, or ask AWS for newer ones", _prices)
    table.add_argument("--refresh", action="store_true", help="ask AWS's Pricing API and keep the answer")
    plan = common.add_action(
        actions, "plan", "count the images and forecast hours and EUR", _plan, parents=[chain_options()]
    )
    common.add_shape(plan)
    add_record(plan)
    plan.add_argument(
        "--hours", type=float, default=12.0, metavar="H", help="the longest a cheaper shape may take (12)"
    )


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which earlier runs tell the throughput."""
    parser.add_argument(
        "--record", action="append", default=[], metavar="OUT", help="an earlier OUT, for its throughput"
    )


def _prices(arguments: argparse.Namespace) -> int:
    from fruits.cloud.prices import refresh

    door, table = common.aws(arguments), common.prices()
    if arguments.refresh:
        table = refresh(door, table, door.region, common.cache() / "prices.json")
    common.say(f"{table.age(region=door.region)}; {table.dated(door.region)[1]}")
    common.say(f"{'instance':14}{'vCPU':>5}{'GB':>5}{'machine':>10}{'EMR':>9}   USD an hour in {door.region}")
    for name, machine in table.instances.items():
        rate, warning = table.rate(name, door.region)
        note = "  (another region's)" if warning else ""
        line = f"{name:14}{machine.vcpus:>5}{machine.memory_gb:>5}{rate.on_demand:>10.4f}{rate.emr:>9.4f}{note}"
        common.say(line)
    return 0


def _plan(arguments: argparse.Namespace) -> int:
    from fruits.cloud.forecast import cheapest, forecast
    from fruits.cloud.shapes import candidates

    chain_command(arguments)
    door, table = common.aws(arguments), common.prices()
    chosen = common.shape(arguments, table)
    count = count_images(arguments, door.region)
    throughput = _planned_throughput(arguments, door)
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


def _planned_throughput(arguments: argparse.Namespace, door: Aws) -> Throughput:
    """Return the throughput for `plan`, which works without a site too: then the forecast says what it rests on."""
    from fruits.cloud.errors import CloudError
    from fruits.cloud.forecast import Throughput
    from fruits.cloud.state import Runs

    if arguments.record:
        return Throughput.from_records(_named_records(arguments.record, door.region))
    try:
        site = common.site(arguments, door, arguments.out, arguments.images)
        return throughput_of(arguments, Runs(site, door), door.region)
    except CloudError as error:
        return Throughput.default(f"the runs of the bucket could not be read ({error})")


def throughput_of(arguments: argparse.Namespace, runs: Runs, region: str) -> Throughput:
    """Return what earlier runs did: those named, else the last ones of the bucket."""
    from fruits.cloud.forecast import Throughput

    if arguments.record:
        return Throughput.from_records(_named_records(arguments.record, region))
    last = [run.out for run in runs.all(newest=_LOOKED_AT) if run.outcome == "succeeded" and run.out][-_TAKEN:]
    records = (_record(out, region) for out in last)
    return Throughput.from_records([record for record in records if record is not None])


def _named_records(outs: list[str], region: str) -> list[RunRecord]:
    from fruits.cloud.errors import UsageError
    from fruits.records import RUN

    records = []
    for out in outs:
        record = _record(out, region)
        if record is None:
            raise UsageError(f"--record {out}: there is no {RUN} that can be read and understood")
        records.append(record)
    return records


def _record(out: str, region: str) -> RunRecord | None:
    """Return the record of an OUT, or None where there is none, or none that can be understood."""
    from fruits.cli.settings import storage_options
    from fruits.cloud.results import read_record
    from fruits.storage import StorageError, open_storage

    try:
        return read_record(open_storage(out, replace(storage_options(), region=region)))
    except StorageError:
        return None


def count_images(arguments: argparse.Namespace, region: str) -> int:
    """Return how many images would be embedded: those listed, less those that OUT holds already."""
    from fruits.cli.settings import storage_options
    from fruits.cloud.aws import storage_errors
    from fruits.cloud.errors import UsageError
    from fruits.cloud.results import read_record
    from fruits.pipeline.listing import list_images
    from fruits.storage import StorageError, open_storage

    preset: dict[str, Any] = chain.MODES.get(arguments.mode or "full", {})
    options = replace(storage_options(), region=region)
    try:
        with storage_errors():
            images = open_storage(arguments.images, options)
            count = sum(1 for _ in list_images(images, arguments.label or preset.get("label", ())))
    except StorageError as error:
        raise UsageError(str(error)) from error
    limit = arguments.limit if arguments.limit is not None else preset.get("limit")
    count = count if limit is None else min(count, limit)
    if not count:
        raise UsageError(f"no images below {arguments.images}; expected folders of .jpg, .png, ...")
    earlier = None if arguments.fresh else read_record(open_storage(arguments.out, options))
    return count if earlier is None else max(0, count - earlier.features)


def check_budget(budget: float, told: Forecast, manager: Runner) -> None:
    """Raise :class:`UsageError` where a budget does not do for a forecast; say so where it may not."""
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
