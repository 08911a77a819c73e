"""What clusters stand on: the key of their disks, and the network with the tags that EMR's policies look for."""

from __future__ import annotations

from typing import Any

from fruits.cloud.errors import UsageError
from fruits.cloud.pieces import Piece, Session
from fruits.cloud.site import EMR_TAG, Site

UNKNOWN = "<made-by-setup>"  # stands for ids that a dry run cannot know


def base_pieces(site: Site, session: Session) -> list[Piece]:
    """Return the pieces of a site whose key, subnet and groups are chosen."""
    groups = [group for group in (site.primary_group, site.core_group, site.service_group) if group]
    return [
        *([_key(site, session)] if site.key else []),
        _tagged("Subnet", site.subnet, session),
        _tagged("Vpc", site.vpc, session),
        *(_tagged("SecurityGroup", group, session) for group in groups),
    ]


def _key(site: Site, session: Session) -> Piece:
    """The key is enabled: without it no disk of a cluster can be made."""

    def read() -> Any:  # noqa: ANN401 - any value
        if site.key == UNKNOWN:
            return "Enabled"
        answer = session.read("kms", "describe_key", KeyId=site.key)
        return None if answer is None else answer["KeyMetadata"]["KeyState"]

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        named = session.read("kms", "describe_key", KeyId=site.key_alias)
        if (
            present not in ("Disabled", "PendingDeletion")
            or (named or {}).get("KeyMetadata", {}).get("Arn") != site.key
        ):
            raise UsageError(
                f"the key {site.key} is {present or 'gone'}; enable it, or name another with --kms-key;"
                " setup mends only a key that it made"
            )
        name = site.key.rpartition("/")[2]
        if present == "PendingDeletion":
            session.change("kms", "cancel_key_deletion", KeyId=name)
        session.change("kms", "enable_key", KeyId=name)

    return Piece(f"KMS key {site.key}: enabled", "Enabled", read, write)


# EC2's call and the name of its argument, its list.
_DESCRIBED = {
    "Subnet": ("describe_subnets", "SubnetIds", "Subnets"),
    "Vpc": ("describe_vpcs", "VpcIds", "Vpcs"),
    "SecurityGroup": ("describe_security_groups", "GroupIds", "SecurityGroups"),
}


def _tagged(kind: str, identifier: str, session: Session) -> Piece:
    """A part of the network is there and bears the tag by which EMR's role may use it."""
    call, argument, answered = _DESCRIBED[kind]

    def read() -> Any:  # noqa: ANN401 - any value
        if identifier == UNKNOWN:  # a dry run's group, which is made with its tags
            return EMR_TAG
        answer = session.read("ec2", call, **{argument: [identifier]})
        found = (answer or {}).get(answered, [])
        if not found:
            return None
        return {tag["Key"]: tag["Value"] for tag in found[0].get("Tags", []) if tag["Key"] in EMR_TAG}

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        tags = [{"Key": key, "Value": value} for key, value in EMR_TAG.items()]
        session.change("ec2", "create_tags", Resources=[identifier], Tags=tags)

    return Piece(f"{kind} {identifier}: there, and tagged for EMR", EMR_TAG, read, write)
