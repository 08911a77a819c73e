"""What is asked of a site's buckets before anything is changed: where they lie, and what their owners decided."""

from __future__ import annotations

import json
from typing import Any

from fruits.cloud.bucket_pieces import is_ours, single_settings, tags_of
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.pieces import Session
from fruits.cloud.regions import EU
from fruits.cloud.site import MADE, PROJECT, Site, split_uri


def check_places(site: Site, session: Session, *, adopt: bool = False) -> dict[str, bool]:
    """Return of each of the site's own buckets whether it is `setup`'s own: made by it, about to be, or adopted now.

    Raises:
        UsageError: a bucket lies elsewhere, or has settings of its owner's that ours would break.
    """
    regions = {}
    for bucket in buckets(site):
        regions[bucket] = region_of(bucket, session)
        if complaint := misplaced(bucket, regions[bucket], site, outside_eu=site.outside_eu):
            raise UsageError(f"{complaint}; nothing was changed")
    ours = {}
    for bucket in (site.log_bucket, site.bucket):
        ours[bucket] = adopt or regions[bucket] is None or _was_made(bucket, session)
        if not ours[bucket]:
            _check_owner(bucket, site, session)
    return ours


def owners(site: Site, session: Session) -> dict[str, bool]:
    """Return of each of the site's own buckets, which are there, whether it is `setup`'s own."""
    return {bucket: is_ours(tags_of(bucket, session)) for bucket in (site.log_bucket, site.bucket)}


def _was_made(bucket: str, session: Session) -> bool:
    """Whether `setup` made a bucket. Its first version left only a tag that anybody may use: that is told."""
    tags = tags_of(bucket, session)
    if not is_ours(tags) and tags.get("project") == PROJECT:
        session.tell(
            f"{bucket} bears the tag project={PROJECT}, but not {MADE[0]}={MADE[1]}: it is treated as one that was"
            " there before; if an earlier `fruits cloud setup` made it, say --adopt, once"
        )
    return is_ours(tags)


def buckets(site: Site) -> list[str]:
    """Return every bucket that the site reads or writes, each once."""
    named = (split_uri(uri)[0] for uri in (*site.images, site.results))
    return list(dict.fromkeys((site.bucket, site.log_bucket, *named)))


def misplaced(bucket: str, region: str | None, site: Site, *, outside_eu: bool) -> str:
    """Return why data may not lie in ``bucket``, which lies in ``region``, and what to do, or the empty string."""
    own = bucket in (site.bucket, site.log_bucket)
    if region is None:  # what a policy names and nobody owns, anybody could make
        return "" if own else f"there is no bucket {bucket}; make it in {site.region}, or name another"
    if region not in EU and not outside_eu:
        return (
            f"the bucket {bucket} lies in {region}, outside the European Union; name one inside,"
            " or say --outside-eu if the data may lie there"
        )
    if own and region != site.region:
        return f"the bucket {bucket} lies in {region}, not in {site.region}; say --region {region}, or name another"
    return ""


def region_of(bucket: str, session: Session) -> str | None:
    """Return where a bucket lies, or None where there is none: S3 tells even those who may not look into it.

    Raises:
        CloudError: nobody can tell.
    """
    try:
        answer = session.read("s3", "head_bucket", Bucket=bucket)
    except CloudError as error:
        if region := _region_in(getattr(error.__cause__, "response", {})):
            return region
        raise
    if answer is None:
        return None
    if not (region := _region_in(answer)):
        raise CloudError(f"asking where the bucket {bucket} lies: S3 does not say")
    return region


def _region_in(answer: dict[str, Any]) -> str:
    named = str(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", ""))
    return "eu-west-1" if named == "EU" else named  # what Ireland was called in the first years


def _check_owner(bucket: str, site: Site, session: Session) -> None:
    """Raise where the owner of a bucket that `setup` did not make chose another value of a setting than ours."""
    for piece in single_settings(site, bucket, session):
        present = piece.read()
        if not present or present == piece.wanted:
            continue
        key = _key_in(present)
        if key == "" or (key and key == _key_in(piece.wanted)):
            continue
        hint = ", or say --encryption kms --kms-key with that key" if key and bucket == site.bucket else ""
        raise UsageError(
            f"{piece.name}: setup did not make this bucket, and its owner chose {json.dumps(present)};"
            f" nothing was changed. Change it yourself{hint}, or name another bucket"
        )


def _key_in(setting: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return which key a bucket is encrypted with (its id), empty for S3's own; None of another setting."""
    if not isinstance(setting, dict) or "Rules" not in setting:
        return None
    default: dict[str, str] = {"SSEAlgorithm": "AES256"}
    for rule in setting["Rules"]:
        if "ObjectOwnership" in rule:
            return None
        default = rule.get("ApplyServerSideEncryptionByDefault", default)
    if default["SSEAlgorithm"] == "AES256":
        return ""
    return default.get("KMSMasterKeyID", default["SSEAlgorithm"]).rpartition("/")[2]
