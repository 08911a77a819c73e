"""verify, setup, package, prices: what a site needs before anything runs."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common

if TYPE_CHECKING:
    from fruits.cloud.aws import Aws
    from fruits.cloud.site import Site


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommands."""
    verify = common.add_action(
        actions, "verify", "say what is fine, what is missing, and the command that mends it", _verify
    )
    common.add_shape(verify)
    common.add_release(verify)
    _add_setup(common.add_action(actions, "setup", "make bucket, roles and security configuration", _setup))
    package = common.add_action(
        actions, "package", "build the environment of a cluster and upload it once, by its content", _package
    )
    package.add_argument("--arm", action="store_true", help="for Graviton instances")
    package.add_argument("--wheel", type=Path, metavar="FILE", help="our wheel, where there is no source tree")
    package.add_argument("--backbone", metavar="NAME", help="take a fetched or added backbone along")
    package.add_argument("--folder", type=Path, metavar="DIR", help="only make it here; upload nothing")
    table = common.add_action(actions, "prices", "show the table of prices, or ask AWS for newer ones", _prices)
    table.add_argument("--refresh", action="store_true", help="ask AWS's Pricing API and keep the answer")


def _add_setup(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is made")
    group.add_argument(
        "--images",
        action="append",
        default=[],
        metavar="URI",
        help="where clusters may read images (s3://BUCKET/images); can be repeated",
    )
    group.add_argument("--results", metavar="URI", help="where they may write (s3://BUCKET/results)")
    group.add_argument("--encryption", choices=("s3", "kms"), help="of the bucket: SSE-S3 (default) or SSE-KMS")
    group.add_argument("--kms-key", metavar="ARN", help="your own key; by default one is made (1 USD a month)")
    group.add_argument("--subnet", metavar="ID", help="by default one of the default VPC")
    group.add_argument("--private", action="store_true", help="the subnet has no public addresses")
    group.add_argument("--dry-run", action="store_true", help="print every call that would change something")


def _verify(arguments: argparse.Namespace) -> int:
    from fruits.cloud.verify import verify

    table = common.prices()
    found = verify(
        common.aws(arguments),
        common.bucket_name(arguments),
        common.shape(arguments, table),
        arguments.release,
        table,
        outside_eu=arguments.outside_eu,
    )
    bad = 0
    for finding in found:
        bad += finding.level == "bad"
        mark = {"fine": "ok  ", "note": "note", "bad": "MEND"}[finding.level]
        common.say(f"{mark}  {finding.name}: {finding.sentence}")
    common.say("all is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0


def _setup(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import UsageError
    from fruits.cloud.pieces import Session
    from fruits.cloud.setup import setup

    door = common.aws(arguments)
    bucket = common.bucket_name(arguments)
    if bucket is None:
        raise UsageError("which bucket? say --bucket NAME")
    site = _wanted_site(arguments, door, bucket)
    session = Session(door, dry=arguments.dry_run, tell=common.say)
    site, changed = setup(site, session)
    if arguments.dry_run:
        common.say(f"{len(session.calls)} calls would be made; nothing was changed")
        return 0
    common.say(f"{changed} pieces changed" if changed else "everything was there already")
    policy = f"arn:{site.partition}:iam::{site.account}:policy/{site.user_policy}"
    common.say(f"people who run jobs need the policy {policy}")
    return 0


def _wanted_site(arguments: argparse.Namespace, door: Aws, bucket: str) -> Site:
    """Return the site as asked; what is not asked stays as an earlier setup left it."""
    from fruits.cloud.errors import UsageError
    from fruits.cloud.site import Site, load_site, split_uri

    who = door.identity
    try:
        earlier = load_site(door, bucket)
    except UsageError:
        earlier = Site(bucket, door.region, who.account, who.partition)
    images = tuple(uri.rstrip("/") for uri in arguments.images) or earlier.images or (f"s3://{bucket}/images",)
    results = (arguments.results or earlier.results or f"s3://{bucket}/results").rstrip("/")
    for uri in (*images, results):
        split_uri(uri)
    return Site(
        bucket=bucket,
        region=door.region,
        account=who.account,
        partition=who.partition,
        images=images,
        results=results,
        encryption=arguments.encryption or earlier.encryption,
        key=arguments.kms_key or earlier.key,
        subnet=arguments.subnet or earlier.subnet,
        private=arguments.private or earlier.private,
        outside_eu=arguments.outside_eu,
    )


def _package(arguments: argparse.Namespace) -> int:
    architecture = "arm64" if arguments.arm else "x86_64"
    if arguments.folder is not None:
        from fruits.cloud.package import build_package

        backbones, root = backbone_files(arguments.backbone)
        build_package(
            arguments.folder,
            common.cache() / "wheels",
            architecture,
            wheel=arguments.wheel,
            backbones=backbones,
            backbones_root=root,
            archive=True,
            tell=common.say,
        )
        common.say(str(arguments.folder))
        return 0
    door = common.aws(arguments)
    site = common.site(arguments, door)
    common.say(packaged(site, door, architecture, arguments.wheel, arguments.backbone))
    return 0


def packaged(site: Site, door: Aws, architecture: str, wheel: Path | None, backbone: str | None) -> str:
    """Build the package, upload what the bucket lacks, and return its URI."""
    from fruits.cloud.package import build_package, upload_package

    backbones, root = backbone_files(backbone)
    with tempfile.TemporaryDirectory(prefix="fruits-package-") as scratch:
        package = build_package(
            Path(scratch) / "package",
            common.cache() / "wheels",
            architecture,
            wheel=wheel,
            backbones=backbones,
            backbones_root=root,
            archive=True,
            tell=common.say,
        )
        return upload_package(package, site, door, common.say)


def backbone_files(name: str | None) -> tuple[list[Path], Path]:
    """Return the files of a fetched or added backbone in the cache, none for those in the package; and the cache."""
    from fruits.cli.settings import backbone_cache
    from fruits.cloud.errors import UsageError
    from fruits.vision.backbones import list_backbones

    root = backbone_cache()
    if name is None:
        return [], root
    info = next((each for each in list_backbones(root) if each.name == name), None)
    if info is None or info.place == "to fetch":
        raise UsageError(f"the backbone {name} is not here; get it with: fruits backbones fetch {name}")
    if info.place == "in the package":
        return [], root
    folder = root / "added" if info.place == "added" else root
    files = [path for path in folder.iterdir() if path.is_file() and path.stem.startswith(name)]
    return (files if info.place == "added" else [p for p in root.iterdir() if p.is_file()]), root


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
