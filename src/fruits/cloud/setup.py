"""Make a site, or find what of it is missing: the same pieces serve `setup` and `verify`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fruits.cloud.base_pieces import UNKNOWN, base_pieces
from fruits.cloud.bucket_pieces import bucket_pieces
from fruits.cloud.certificates import RENEW_DAYS, expires, make_certificates
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.pieces import Piece, Session, same_document
from fruits.cloud.places import check_places, owners
from fruits.cloud.policies import TAGS, key_policy
from fruits.cloud.role_pieces import check_sizes, role_pieces, security_piece
from fruits.cloud.site import CERTIFICATES_KEY, SETUP_KEY, Site


def setup(site: Site, session: Session, *, adopt: bool = False) -> tuple[Site, int]:
    """Make everything that is missing, and return the site with the ids of what was made, and how many pieces changed.

    Calling it again changes nothing. Roles come before EMR's security configuration, buckets before what lies in them.
    With ``adopt``, buckets that were there are `setup`'s own from now on.

    Raises:
        UsageError: a bucket lies where it may not, or its owner decided otherwise, or IAM would refuse a policy;
            nothing was changed.
        CloudError: AWS refused something; what was made stays, and the next call goes on.
    """
    check_sizes(site)
    site = _known_key(site, session)
    ours = check_places(site, session, adopt=adopt)
    before = len(session.calls)
    site = _key(site, session)
    site = _network(site, session)
    changed = int(len(session.calls) > before)
    buckets = bucket_pieces(site, session, ours, adopt=adopt)
    for piece in base_pieces(site, session) + buckets + role_pieces(site, session):
        changed += piece.apply()
    changed += _certificates(site, session).apply()
    changed += security_piece(site, session).apply()
    changed += _record(site, session).apply()
    return site, changed


def pieces(site: Site, session: Session) -> list[Piece]:
    """Return every piece of a finished site, to verify it."""
    return [
        *base_pieces(site, session),
        *bucket_pieces(site, session, owners(site, session)),
        *role_pieces(site, session),
        _certificates(site, session),
        security_piece(site, session),
    ]


def _known_key(site: Site, session: Session) -> Site:
    """Find the KMS key that an earlier setup made."""
    found = None if site.key else session.read("kms", "describe_key", KeyId=site.key_alias)
    return site if found is None else replace(site, key=found["KeyMetadata"]["Arn"])


def _key(site: Site, session: Session) -> Site:
    """Make the KMS key where there is none: EMR encrypts local disks with nothing else."""
    if site.key:
        return site
    tags = [{"TagKey": name, "TagValue": value} for name, value in TAGS.items()]
    made = session.change(
        "kms",
        "create_key",
        Description=f"Fruits!: disks of clusters, and the bucket {site.bucket} if it is to use SSE-KMS",
        Policy=json.dumps(key_policy(site)),
        Tags=tags,
    )
    arn = made.get("KeyMetadata", {}).get("Arn", UNKNOWN)
    session.change("kms", "create_alias", AliasName=site.key_alias, TargetKeyId=arn)
    session.change("kms", "enable_key_rotation", KeyId=arn)
    return replace(site, key=arn)


def _network(site: Site, session: Session) -> Site:
    """Choose a subnet, and make the security groups, which begin without any rule inwards."""
    subnet = _subnet(site, session)
    site = replace(site, subnet=subnet["SubnetId"], vpc=subnet["VpcId"])
    site = replace(
        site,
        primary_group=_group(site, "primary", session),
        core_group=_group(site, "core", session),
    )
    return replace(site, service_group=_group(site, "access", session)) if site.private else site


def _subnet(site: Site, session: Session) -> dict[str, Any]:
    if site.subnet:
        answer = session.read("ec2", "describe_subnets", SubnetIds=[site.subnet])
        found = (answer or {}).get("Subnets", [])
    else:
        only_default = [{"Name": "default-for-az", "Values": ["true"]}]
        found = session.read("ec2", "describe_subnets", Filters=only_default)["Subnets"]
    if not found:
        raise UsageError(
            f"there is no {'subnet ' + site.subnet if site.subnet else 'default subnet'} in {site.region};"
            " name one with --subnet, or make a default VPC: aws ec2 create-default-vpc"
        )
    first: dict[str, Any] = min(found, key=lambda subnet: str(subnet["AvailabilityZone"]))
    return first


def _group(site: Site, part: str, session: Session) -> str:
    """Find or make a security group. EMR itself adds the rules that its nodes need among each other."""
    name = f"{site.stem}-{part}"
    filters = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [site.vpc]}]
    groups = session.read("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"]
    if groups:
        return str(groups[0]["GroupId"])
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = session.change(
        "ec2",
        "create_security_group",
        GroupName=name,
        Description=f"Fruits! EMR {part} nodes",
        VpcId=site.vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    return str(made.get("GroupId", UNKNOWN))


def _certificates(site: Site, session: Session) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("s3", "get_object", Bucket=site.bucket, Key=CERTIFICATES_KEY)
        if answer is None:
            return None
        try:
            soon = datetime.now(UTC) + timedelta(days=RENEW_DAYS)
            return "valid" if expires(answer["Body"].read()) > soon else "ending"
        except CloudError:
            return "unreadable"

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        content = make_certificates(site.region)
        session.change("s3", "put_object", Bucket=site.bucket, Key=CERTIFICATES_KEY, Body=content)

    return Piece("certificates for encryption in transit", "valid", read, write)


def _record(site: Site, session: Session) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("s3", "get_object", Bucket=site.bucket, Key=SETUP_KEY)
        return None if answer is None else same_document(answer["Body"].read().decode("utf-8", "replace"))

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        session.change("s3", "put_object", Bucket=site.bucket, Key=SETUP_KEY, Body=site.to_json())

    return Piece(f"s3://{site.bucket}/{SETUP_KEY}", same_document(site.to_json().decode()), read, write)
