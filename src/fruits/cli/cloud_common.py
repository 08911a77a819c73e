"""What the subcommands of `fruits cloud` share: options, settings from the environment, the objects made of them."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fruits.cloud.aws import Aws
    from fruits.cloud.prices import Prices
    from fruits.cloud.runner import Runner
    from fruits.cloud.shapes import Shape
    from fruits.cloud.site import Site
    from fruits.cloud.state import CloudRun


class Help(argparse.RawDescriptionHelpFormatter):
    """One width everywhere, so that the reference can be checked."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100, max_help_position=30)


def add_action(actions: Any, name: str, text: str, do: Any, **more: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse's
    """Add a subcommand with the options that all have."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=Help, allow_abbrev=False, **more
    )
    parser.set_defaults(do=do)
    group = parser.add_argument_group("AWS")
    group.add_argument("--bucket", metavar="NAME", help="the bucket that setup prepared (FRUITS_CLOUD_BUCKET)")
    group.add_argument("--region", metavar="NAME", help="by default AWS_REGION, the profile's, or eu-west-3")
    group.add_argument("--profile", metavar="NAME", help="profile of your AWS configuration (AWS_PROFILE)")
    group.add_argument("--outside-eu", action="store_true", help="allow a region outside the European Union")
    return parser


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which machines."""
    group = parser.add_argument_group("machines")
    group.add_argument(
        "--nodes", type=int, default=2, metavar="N", help="core nodes beside the primary, or workers (2)"
    )
    group.add_argument("--instance", default="m5.xlarge", metavar="TYPE", help="m5.xlarge; m6g.xlarge is Graviton")
    group.add_argument("--max-nodes", type=int, default=0, metavar="N", help="let it grow to so many (managed scaling)")
    group.add_argument("--spot", action="store_true", help="all core nodes but one as Spot instances")
    group.add_argument("--serverless", action="store_true", help="EMR Serverless instead of EMR on EC2")


def add_release(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which EMR."""
    parser.add_argument(
        "--release", default="emr-7.12.0", metavar="LABEL", help="EMR release (emr-7.12.0; also emr-spark-8.0.0)"
    )


def add_budget(parser: argparse.ArgumentParser) -> None:
    """Add the options of everything that starts something."""
    group = parser.add_argument_group("budget and environment")
    group.add_argument(
        "--budget", type=float, required=True, metavar="EUR", help="the most it may cost; enforced by AWS, not by you"
    )
    group.add_argument("--package", metavar="URI", help="what `fruits cloud package` printed; made anew by default")
    group.add_argument("--wheel", type=Path, metavar="FILE", help="our wheel, where there is no source tree")
    group.add_argument(
        "--home", default="/opt/fruits", metavar="DIR", help="the environment on the nodes (/opt/fruits)"
    )
    group.add_argument(
        "--key-name", default="", metavar="NAME", help="EC2 key pair, if SSH is to work (SSM needs none)"
    )
    group.add_argument("--poll", type=float, default=15.0, metavar="SECONDS", help="between two looks (15)")


def aws(arguments: argparse.Namespace) -> Aws:
    """Return the door to AWS, in a region that is allowed."""
    from fruits.cloud.aws import Aws, session
    from fruits.cloud.regions import choose_region

    if arguments.profile:  # storage finds its own credentials: the same ones
        os.environ["AWS_PROFILE"] = arguments.profile
    environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    wishes = (arguments.region, environment)
    if not any(wishes):
        wishes = (session(arguments.profile).region_name, None)
    return Aws(choose_region(*wishes, outside_eu=arguments.outside_eu), arguments.profile)


def bucket_name(arguments: argparse.Namespace, *uris: str) -> str | None:
    """Return the bucket from the flag, the environment, or an S3 URI of the call."""
    named = arguments.bucket or os.environ.get("FRUITS_CLOUD_BUCKET")
    in_uris = (match[1] for uri in uris if (match := re.match(r"s3://([^/]+)", uri)))
    return str(named) if named else next(in_uris, None)


def site(arguments: argparse.Namespace, door: Aws, *uris: str) -> Site:
    """Return the site of the call.

    Raises:
        UsageError: no bucket is named, it is not set up, or it lies in another region.
    """
    from fruits.cloud.errors import UsageError
    from fruits.cloud.site import load_site

    bucket = bucket_name(arguments, *uris)
    if bucket is None:
        raise UsageError("which bucket? say --bucket NAME, or set FRUITS_CLOUD_BUCKET")
    found = load_site(door, bucket)
    if found.region != door.region:
        raise UsageError(f"{bucket} was set up in {found.region}, not {door.region}; say --region {found.region}")
    return found


def cache() -> Path:
    """Return the folder for downloaded wheels and refreshed prices."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fruits" / "cloud"


def prices() -> Prices:
    """Return the table of prices, refreshed if it was."""
    from fruits.cloud.prices import Prices

    return Prices.load(cache() / "prices.json")


def shape(arguments: argparse.Namespace, table: Prices) -> Shape:
    """Return the machines that the options describe."""
    from fruits.cloud.shapes import Shape

    target = "serverless" if arguments.serverless else "ec2"
    chosen = Shape(target, arguments.instance, arguments.nodes, arguments.spot, arguments.max_nodes)  # type: ignore[arg-type]
    chosen.check(table)
    return chosen


def runner(arguments: argparse.Namespace, *uris: str) -> Runner:
    """Return what starts and watches runs."""
    from fruits.cloud.runner import Runner

    door = aws(arguments)
    return Runner(site(arguments, door, *uris), door, prices(), poll=getattr(arguments, "poll", 15.0), tell=say)


def known_run(manager: Runner, name: str) -> CloudRun:
    """Return a run by its id, its cluster's id or its OUT.

    Raises:
        UsageError: there is none.
    """
    from fruits.cloud.errors import UsageError

    found = manager.runs.of(name.rstrip("/")) if name.startswith("s3://") else manager.runs.load(name)
    if found is None:
        # Jobs that were submitted bear their cluster's id too; what is asked for is the cluster.
        found = next((run for run in manager.runs.all() if run.identifier == name and not run.step), None)
    if found is None:
        raise UsageError(f"no run {name} in s3://{manager.site.bucket}; `fruits cloud costs` lists them all")
    return found


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
