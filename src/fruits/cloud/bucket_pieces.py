"""The two buckets: one for everything of ours, one for the access logs of the first.

A bucket may have been there before `setup`. What its owner wrote into its policy and lifecycle stays: ours is what
bears a name that begins with our mark, and nothing else is touched. Of other settings there is but one: see `places`.
"""

from __future__ import annotations

import json
from typing import Any

from fruits.cloud.pieces import Piece, Session, same_document
from fruits.cloud.policies import MARK, bucket_policy, log_bucket_policy
from fruits.cloud.site import MADE, PREFIX, PROJECT, Site, split_uri

LOG_DAYS, OLD_VERSION_DAYS, UPLOAD_DAYS, ACCESS_LOG_DAYS = 90, 30, 7, 90
RULE_MARK = "fruits-setup-"
_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def bucket_pieces(site: Site, session: Session, ours: dict[str, bool], *, adopt: bool = False) -> list[Piece]:
    """Return the pieces of both buckets; the access logs' first, for the other points to it.

    Args:
        site, session: where, and by what.
        ours: of each bucket whether it is `setup`'s own; an owner's keeps what is theirs.
        adopt: mark buckets that were there as `setup`'s own.
    """
    access = f"{site.bucket}/"  # where the access logs lie in their bucket
    log_rules = [
        _expiry("access-logs", access, ACCESS_LOG_DAYS),
        _uploads("", "" if ours[site.log_bucket] else access),
    ]
    main_rules = [_expiry("cluster-logs", f"{PREFIX}logs/", LOG_DAYS)]
    for suffix, prefix in [("", "")] if ours[site.bucket] else _own_prefixes(site):
        main_rules += [_versions(suffix, prefix), _uploads(suffix, prefix)]
    return [
        _exists(site.log_bucket, site, session, adopt=adopt),
        *single_settings(site, site.log_bucket, session),
        _policy(site.log_bucket, log_bucket_policy(site), session),
        _lifecycle(site.log_bucket, log_rules, session),
        _exists(site.bucket, site, session, adopt=adopt),
        *single_settings(site, site.bucket, session),
        _policy(site.bucket, bucket_policy(site), session),
        _lifecycle(site.bucket, main_rules, session),
        _logging(site, session, ours=ours[site.bucket]),
    ]


def single_settings(site: Site, bucket: str, session: Session) -> list[Piece]:
    """Return the pieces that a bucket has but one value of."""
    if bucket == site.log_bucket:
        return [*_closed(bucket, session), _encryption(bucket, {"SSEAlgorithm": "AES256"}, session)]
    encryption = {"SSEAlgorithm": "AES256"}
    if site.encryption == "kms":
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.key}
    return [*_closed(bucket, session), _encryption(bucket, encryption, session), _versioning(bucket, session)]


def tags_of(bucket: str, session: Session) -> dict[str, str]:
    """Return the tags of a bucket; none where there is no bucket."""
    answer = session.read("s3", "get_bucket_tagging", Bucket=bucket) or {"TagSet": []}
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def is_ours(tags: dict[str, str]) -> bool:
    """Whether `setup` made the bucket that bears these tags, or took it over."""
    return tags.get(MADE[0]) == MADE[1]


def _own_prefixes(site: Site) -> list[tuple[str, str]]:
    """Return a suffix for names, and a prefix of the main bucket below which everything is written by us."""
    bucket, results = split_uri(site.results)
    there = bucket == site.bucket and results
    return [("-fruits", PREFIX), *([("-results", f"{results}/")] if there else [])]


def _exists(bucket: str, site: Site, session: Session, *, adopt: bool) -> Piece:
    def read() -> Any:  # noqa: ANN401 - any value
        if session.read("s3", "head_bucket", Bucket=bucket) is None:
            return None
        return "exists" if not adopt or is_ours(tags_of(bucket, session)) else "not marked"

    def write(present: Any) -> None:  # noqa: ANN401 - any value
        tags = {} if present is None else tags_of(bucket, session)
        if present is None:
            where = {} if site.region == "us-east-1" else {"LocationConstraint": site.region}
            place = {"CreateBucketConfiguration": where} if where else {}
            session.change("s3", "create_bucket", Bucket=bucket, **place)
        tags |= {"project": PROJECT, MADE[0]: MADE[1]}
        wanted = [{"Key": key, "Value": value} for key, value in tags.items()]
        session.change("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": wanted})

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
    def whole() -> dict[str, Any]:
        answer = session.read("s3", "get_bucket_policy", Bucket=bucket)
        found: dict[str, Any] = json.loads(answer["Policy"]) if answer else {"Version": policy["Version"]}
        statements = found.get("Statement", [])
        return found | {"Statement": statements if isinstance(statements, list) else [statements]}

    def is_marked(statement: dict[str, Any]) -> bool:
        return str(statement.get("Sid", "")).startswith(MARK)

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        found = whole()
        merged = [*(each for each in found["Statement"] if not is_marked(each)), *policy["Statement"]]
        session.change("s3", "put_bucket_policy", Bucket=bucket, Policy=json.dumps(found | {"Statement": merged}))

    return Piece(
        f"{bucket}: policy (TLS only)",
        same_document(policy["Statement"]),
        lambda: same_document([each for each in whole()["Statement"] if is_marked(each)]),
        write,
    )


def _rule(name: str, prefix: str, **what: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"ID": f"{RULE_MARK}{name}", "Status": "Enabled", "Filter": {"Prefix": prefix}, **what}


def _expiry(name: str, prefix: str, days: int) -> dict[str, Any]:
    return _rule(name, prefix, Expiration={"Days": days})


def _uploads(suffix: str, prefix: str) -> dict[str, Any]:
    abort = {"DaysAfterInitiation": UPLOAD_DAYS}
    return _rule(f"incomplete-uploads{suffix}", prefix, AbortIncompleteMultipartUpload=abort)


def _versions(suffix: str, prefix: str) -> dict[str, Any]:
    expiration = {"NoncurrentDays": OLD_VERSION_DAYS}
    return _rule(f"old-versions{suffix}", prefix, NoncurrentVersionExpiration=expiration)


def _lifecycle(bucket: str, rules: list[dict[str, Any]], session: Session) -> Piece:
    wanted = sorted(rules, key=lambda rule: str(rule["ID"]))

    def whole() -> dict[str, Any]:
        answer = session.read("s3", "get_bucket_lifecycle_configuration", Bucket=bucket) or {}
        return {name: answer[name] for name in ("Rules", "TransitionDefaultMinimumObjectSize") if name in answer}

    def is_marked(rule: dict[str, Any]) -> bool:
        return str(rule.get("ID", "")).startswith(RULE_MARK)

    def read() -> Any:  # noqa: ANN401 - any value
        return sorted(filter(is_marked, whole().get("Rules", [])), key=lambda rule: str(rule["ID"]))

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        found = whole()
        kept = [_in_new_words(rule) for rule in found.pop("Rules", []) if not is_marked(rule)]
        session.change(
            "s3",
            "put_bucket_lifecycle_configuration",
            Bucket=bucket,
            LifecycleConfiguration={"Rules": [*kept, *wanted]},
            **found,
        )

    return Piece(f"{bucket}: lifecycle", wanted, read, write)


def _in_new_words(rule: dict[str, Any]) -> dict[str, Any]:
    """Return an owner's rule with a filter: S3 takes none with a bare prefix beside those that have one."""
    if "Prefix" not in rule:
        return rule
    return {name: value for name, value in rule.items() if name != "Prefix"} | {"Filter": {"Prefix": rule["Prefix"]}}


def _logging(site: Site, session: Session, *, ours: bool) -> Piece:
    """Access logging to our bucket; an owner who has it go elsewhere keeps that."""
    wanted = {"TargetBucket": site.log_bucket, "TargetPrefix": f"{site.bucket}/"}

    def read() -> Any:  # noqa: ANN401 - any value
        present = (session.read("s3", "get_bucket_logging", Bucket=site.bucket) or {}).get("LoggingEnabled")
        return wanted if present and not ours else present

    def write(_: Any) -> None:  # noqa: ANN401 - any value
        status = {"LoggingEnabled": wanted}
        session.change("s3", "put_bucket_logging", Bucket=site.bucket, BucketLoggingStatus=status)

    return Piece(f"{site.bucket}: access logging to {site.log_bucket}", wanted, read, write)
