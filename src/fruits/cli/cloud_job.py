"""What plan, run, create and submit share: the command line of the job, its places, its machines."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fruits.cli import cloud_common as common
from fruits.cli import run as chain

if TYPE_CHECKING:
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import CloudRun

_NOT_THERE = {"master": "the cluster is the master", "backbone_file": "name it: --backbone NAME travels along"}


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


def goes_on(run: CloudRun) -> str:
    """Return the sentence on what an interrupted call leaves behind."""
    from datetime import UTC, datetime

    if not run.identifier and run.stage == "planned":
        return "Nothing was started."
    stop = f"{datetime.fromtimestamp(run.deadline, UTC):%Y-%m-%d %H:%M} UTC" if run.deadline else "the end of its job"
    return f"Run {run.run} ({run.identifier or 'starting'}) goes on and stops by itself, at {stop} at the latest."
