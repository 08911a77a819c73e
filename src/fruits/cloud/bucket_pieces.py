"""The two buckets: one for everything of ours, one for the access logs of the first."""

from __future__ import annotations

import json
from typing import Any

from fruits.cloud.pieces import Piece, Session, same_document
from fruits.cloud.policies import bucket_policy, log_bucket_policy
from fruits.cloud.site import PREFIX, PROJECT, Site

LOG_DAYS, OLD_VERSION_DAYS, UPLOAD_DAYS, ACCESS_LOG_DAYS = 90, 30, 7, 90
_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def bucket_pieces(site: Site, session: Session) -> list[Piece]:
    """Return the pieces of both buckets; the access logs' first, for the other points to it."""
    logs = [
        _exists(site.log_bucket, site, session),
        *_closed(site.log_bucket, session),
        _encryption(site.log_bucket, {"SSEAlgorithm": "AES256"}, session),
        _policy(site.log_bucket, log_bucket_policy(site), session),
        _lifecycle(site.log_bucket, [_expiry("access-logs", "", ACCESS_LOG_DAYS), _uploads()], session),
    ]
    encryption = {"SSEAlgorithm": "AES256"}
    if site.encryption == "kms":
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.key}
    main = [
        _exists(site.bucket, site, session),
        *_closed(site.bucket, session),
        _encryption(site.bucket, encryption, session),
        _versioning(site.bucket, session),
        _policy(site.bucket, bucket_policy(site), session),
        _lifecycle(
            site.bucket, [_expiry("cluster-logs", f"{PREFIX}logs/", LOG_DAYS), _versions(), _uploads()], session
        ),
        _logging(site, session),
    ]
    return logs + main


def _exists(bucket: str, site: Site, session: Session) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        return None if session.read("s3", "head_bucket", Bucket=bucket) is None else "exists"

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        where = {} if site.region == "us-east-1" else {"LocationConstraint": site.region}
        place = {"CreateBucketConfiguration": where} if where else {}
        session.change("s3", "create_bucket", Bucket=bucket, **place)
        tags = [{"Key": "project", "Value": PROJECT}]
        session.change("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tags})

    return Piece(f"bucket {bucket}", "exists", read, write)


def _closed(bucket: str, session: Session) -> list[Piece]:
    ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    return [
        Piece(
            f"{bucket}: all public access blocked",
            _BLOCKED,
            lambda: (session.read("s3", "get_public_access_block", Bucket=bucket) or {}).get(
                "PublicAccessBlockConfiguration"
            ),
            lambda _: session.change(
                "s3", "put_public_access_block", Bucket=bucket, PublicAccessBlockConfiguration=_BLOCKED
            ),
        ),
        Piece(
            f"{bucket}: ACLs disabled",
            ownership,
            lambda: (session.read("s3", "get_bucket_ownership_controls", Bucket=bucket) or {}).get("OwnershipControls"),
            lambda _: session.change("s3", "put_bucket_ownership_controls", Bucket=bucket, OwnershipControls=ownership),
        ),
    ]


def _encryption(bucket: str, default: dict[str, str], session: Session) -> Piece:
    key = default["SSEAlgorithm"] == "aws:kms"
    wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": key}]}

    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("s3", "get_bucket_encryption", Bucket=bucket) or {}
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        known = ("ApplyServerSideEncryptionByDefault", "BucketKeyEnabled")  # AWS may add further settings of its own
        return {"Rules": [{"BucketKeyEnabled": False} | {n: rule[n] for n in known if n in rule} for rule in rules]}

    return Piece(
        f"{bucket}: encryption at rest ({default['SSEAlgorithm']})",
        wanted,
        read,
        lambda _: session.change(
            "s3", "put_bucket_encryption", Bucket=bucket, ServerSideEncryptionConfiguration=wanted
        ),
    )


def _versioning(bucket: str, session: Session) -> Piece:
    wanted = {"Status": "Enabled"}
    return Piece(
        f"{bucket}: versioning",
        "Enabled",
        lambda: (session.read("s3", "get_bucket_versioning", Bucket=bucket) or {}).get("Status"),
        lambda _: session.change("s3", "put_bucket_versioning", Bucket=bucket, VersioningConfiguration=wanted),
    )


def _policy(bucket: str, policy: dict[str, Any], session: Session) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("s3", "get_bucket_policy", Bucket=bucket)
        return None if answer is None else same_document(answer["Policy"])

    return Piece(
        f"{bucket}: policy (TLS only)",
        same_document(policy),
        read,
        lambda _: session.change("s3", "put_bucket_policy", Bucket=bucket, Policy=json.dumps(policy)),
    )


def _expiry(name: str, prefix: str, days: int) -> dict[str, Any]:
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}


def _uploads() -> dict[str, Any]:
    abort = {"DaysAfterInitiation": UPLOAD_DAYS}
    return {
        "ID": "incomplete-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": abort,
    }


def _versions() -> dict[str, Any]:
    return {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
    }


def _lifecycle(bucket: str, rules: list[dict[str, Any]], session: Session) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        answer = session.read("s3", "get_bucket_lifecycle_configuration", Bucket=bucket) or {}
        return sorted(answer.get("Rules", []), key=lambda rule: str(rule["ID"]))

    wanted = sorted(rules, key=lambda rule: str(rule["ID"]))
    return Piece(
        f"{bucket}: lifecycle",
        wanted,
        read,
        lambda _: session.change(
            "s3", "put_bucket_lifecycle_configuration", Bucket=bucket, LifecycleConfiguration={"Rules": wanted}
        ),
    )


def _logging(site: Site, session: Session) -> Piece:
    wanted = {"TargetBucket": site.log_bucket, "TargetPrefix": f"{site.bucket}/"}
    return Piece(
        f"{site.bucket}: access logging to {site.log_bucket}",
        wanted,
        lambda: (session.read("s3", "get_bucket_logging", Bucket=site.bucket) or {}).get("LoggingEnabled"),
        lambda _: session.change(
            "s3", "put_bucket_logging", Bucket=site.bucket, BucketLoggingStatus={"LoggingEnabled": wanted}
        ),
    )
