"""verify, setup: what a site needs before anything runs."""

from __future__ import annotations

import argparse
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
    group.add_argument(
        "--adopt", action="store_true", help="treat a bucket that was there as made by setup (an earlier one, say)"
    )
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
    from fruits.cloud.user_policy import user_policies

    door = common.aws(arguments)
    bucket = common.bucket_name(arguments)
    if bucket is None:
        raise UsageError("which bucket? say --bucket NAME")
    site = _wanted_site(arguments, door, bucket)
    session = Session(door, dry=arguments.dry_run, tell=common.say)
    site, changed = setup(site, session, adopt=arguments.adopt)
    if arguments.dry_run:
        common.say(f"{len(session.calls)} calls would be made; nothing was changed")
        return 0
    common.say(f"{changed} pieces changed" if changed else "everything was there already")
    arns = [f"arn:{site.partition}:iam::{site.account}:policy/{name}" for name in user_policies(site)]
    common.say(f"people who run jobs need the policies {' and '.join(arns)}")
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
