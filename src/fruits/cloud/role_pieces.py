"""The roles, the instance profile and the policies for people; EMR's security configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fruits.cloud import policies
from fruits.cloud.errors import UsageError
from fruits.cloud.pieces import Piece, Session, same_document
from fruits.cloud.site import PROJECT, Role, Site
from fruits.cloud.statements import Document
from fruits.cloud.user_policy import user_policies

ROLES: tuple[Role, ...] = ("service", "node", "serverless", "scheduler")
INLINE = "fruits"  # name of each role's one inline policy
MANAGED_LIMIT, INLINE_LIMIT = 6144, 10240  # IAM's, in characters without white space
_TAGS = [{"Key": "project", "Value": PROJECT}]


def role_pieces(site: Site, session: Session) -> list[Piece]:
    """Return the pieces of IAM."""
    pieces = [piece for role in ROLES for piece in (_trust(site, role, session), _may(site, role, session))]
    people = [_user_policy(site, session, name, wanted) for name, wanted in user_policies(site).items()]
    return [*pieces, _profile(site, session), *people]


def check_sizes(site: Site) -> None:
    """Raise :class:`UsageError` where IAM would refuse a policy as too long: many or long places make it so."""
    site = replace(site, key=site.key or site.arn("kms", f"key/{'0' * 36}"))
    documents = [(name, wanted, MANAGED_LIMIT) for name, wanted in user_policies(site).items()]
    documents += [(site.role(role), policies.role_policy(site, role), INLINE_LIMIT) for role in ROLES]
    for name, wanted, limit in documents:
        if (size := len(_compact(wanted))) > limit:
            raise UsageError(
                f"the policy {name} would have {size:,} characters, and IAM allows {limit:,}; nothing was changed."
                " Name fewer --images, or one folder above them"
            )


def _compact(wanted: Document) -> str:
    return json.dumps(wanted, separators=(",", ":"))


def _trust(site: Site, role: Role, session: Session) -> Piece:
    name, wanted = site.role(role), policies.trust(site, role)

    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("iam", "get_role", RoleName=name)
        return None if answer is None else same_document(answer["Role"]["AssumeRolePolicyDocument"])

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        text = json.dumps(wanted)
        if present is None:
            session.change("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=text, Tags=_TAGS)
        else:
            session.change("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=text)

    return Piece(f"role {name}", same_document(wanted), read, write)


def _may(site: Site, role: Role, session: Session) -> Piece:
    name, wanted = site.role(role), policies.role_policy(site, role)

    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("iam", "get_role_policy", RoleName=name, PolicyName=INLINE)
        return None if answer is None else same_document(answer["PolicyDocument"])

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        text = json.dumps(wanted)
        session.change("iam", "put_role_policy", RoleName=name, PolicyName=INLINE, PolicyDocument=text)

    return Piece(f"what {name} may do", same_document(wanted), read, write)


def _profile(site: Site, session: Session) -> Piece:
    name = site.role("node")

    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("iam", "get_instance_profile", InstanceProfileName=name)
        return None if answer is None else [role["RoleName"] for role in answer["InstanceProfile"]["Roles"]]

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        if present is None:
            session.change("iam", "create_instance_profile", InstanceProfileName=name, Tags=_TAGS)
        session.change("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=name)

    return Piece(f"instance profile {name}", [name], read, write)


def _user_policy(site: Site, session: Session, name: str, wanted: Document) -> Piece:
    arn = f"arn:{site.partition}:iam::{site.account}:policy/{name}"

    def read() -> Any:  # noqa: ANN401 - any value
        policy = session.read("iam", "get_policy", PolicyArn=arn)
        if policy is None:
            return None
        version = policy["Policy"]["DefaultVersionId"]
        answer = session.read("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        return same_document(answer["PolicyVersion"]["Document"])

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        text = _compact(wanted)
        if present is None:
            session.change("iam", "create_policy", PolicyName=name, PolicyDocument=text, Tags=_TAGS)
            return
        versions = session.read("iam", "list_policy_versions", PolicyArn=arn)["Versions"]
        if len(versions) >= 5:  # IAM keeps five
            oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: str(v["CreateDate"]))
            session.change("iam", "delete_policy_version", PolicyArn=arn, VersionId=oldest["VersionId"])
        session.change("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)

    return Piece(f"policy {name} for people", same_document(wanted), read, write)


def security_piece(site: Site, session: Session) -> Piece:
    """Return the security configuration; EMR cannot change one, so another is deleted first."""
    name, wanted = site.security_configuration, policies.security_configuration(site)

    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("emr", "describe_security_configuration", Name=name)
        return None if answer is None else json.loads(answer["SecurityConfiguration"])

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        if present is not None:
            session.change("emr", "delete_security_configuration", Name=name)
        text = json.dumps(wanted)
        session.change("emr", "create_security_configuration", Name=name, SecurityConfiguration=text)

    return Piece(f"security configuration {name}", wanted, read, write)
