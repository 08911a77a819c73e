"""What `setup` made, and what everything in it is called: a site is one bucket, its roles, its network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.errors import CloudError, UsageError

PROJECT = "fruits"
PREFIX = "fruits/"  # of our own objects in the bucket
SETUP_KEY = f"{PREFIX}setup.json"
CERTIFICATES_KEY = f"{PREFIX}certificates/in-transit.zip"
MADE = ("made-by", "fruits-cloud-setup")  # tag of buckets that `setup` made
EMR_TAG = {"for-use-with-amazon-emr-managed-policies": "true"}  # what AWS's own EMR policies look for, and ours

Encryption = Literal["s3", "kms"]
Role = Literal["service", "node", "serverless", "scheduler"]


@dataclass(frozen=True)
class Site:
    """Everything that names need.

    Attributes:
        bucket: the bucket's name.
        region, account, partition: where it is.
        images: S3 URIs that clusters may read.
        results: the S3 URI below which they may write.
        encryption: of the bucket: ``s3`` (SSE-S3) or ``kms`` (SSE-KMS with the site's key).
        key: ARN of the KMS key for the clusters' disks and, with ``kms``, the bucket.
        vpc, subnet: ids of the network.
        private: whether the subnet has no public addresses.
        primary_group, core_group, service_group: ids of security groups; the last only for private subnets.
        outside_eu: whether a region outside the Union was spelled out.
    """

    bucket: str
    region: str
    account: str
    partition: str = "aws"
    images: tuple[str, ...] = ()
    results: str = ""
    encryption: Encryption = "s3"
    key: str = ""
    vpc: str = ""
    subnet: str = ""
    private: bool = False
    primary_group: str = ""
    core_group: str = ""
    service_group: str = ""
    outside_eu: bool = False

    @property
    def stem(self) -> str:
        """First part of all names; IAM allows 64 characters, so a long bucket name is cut."""
        return f"{PROJECT}-{self.bucket[:40].rstrip('-.')}".replace(".", "-")

    @property
    def log_bucket(self) -> str:
        """The bucket that gets the access logs."""
        return f"{self.bucket[:55].rstrip('-.')}-access"

    def role(self, role: Role) -> str:
        """Name of a role."""
        return f"{self.stem}-{role}"

    def role_arn(self, role: Role) -> str:
        """ARN of a role."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role(role)}"

    @property
    def user_policy(self) -> str:
        """First part of the names of the policies for people."""
        return f"{self.stem}-user"

    @property
    def security_configuration(self) -> str:
        """Name of EMR's security configuration."""
        return self.stem

    @property
    def key_alias(self) -> str:
        """Alias of the KMS key."""
        return f"alias/{self.stem}"

    @property
    def database(self) -> str:
        """Glue's database: lower case, underscores."""
        return self.stem.replace("-", "_")

    def uri(self, key: str) -> str:
        """Return ``s3://bucket/fruits/KEY``."""
        return f"s3://{self.bucket}/{PREFIX}{key}"

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """Return an ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region if region is None else region}:{self.account}:{resource}"

    def to_json(self) -> bytes:
        """Return the site as UTF-8 JSON."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a site; fields of a later version are ignored."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in json.loads(content).items() if name in known}
        return cls(**values | {"images": tuple(values.get("images", ()))})


def load_site(aws: Aws, bucket: str) -> Site:
    """Read what `setup` left in the bucket.

    Raises:
        UsageError: there is no such bucket, or `setup` did not run on it.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    mend = f"run: fruits cloud setup --bucket {bucket}"
    try:
        with aws_errors(f"reading s3://{bucket}/{SETUP_KEY}"):
            return Site.from_json(aws.client("s3").get_object(Bucket=bucket, Key=SETUP_KEY)["Body"].read())
    except CloudError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in ("NoSuchKey", "NoSuchBucket", "404"):
            raise UsageError(f"the bucket {bucket} is not set up for Fruits! in {aws.region}; {mend}") from error
        if code_of(cause) in ("AccessDenied", "403"):
            raise CloudError(
                f"{str(error).rstrip('.')}. Is {bucket} yours? All of AWS shares the names of buckets: if it is not,"
                " choose another"
            ) from cause
        raise
    except (ValueError, TypeError) as error:
        raise UsageError(f"s3://{bucket}/{SETUP_KEY} cannot be understood; {mend}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and prefix (no slash at either end) of an S3 URI.

    Raises:
        UsageError: it is none.
    """
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise UsageError(f"{uri} is not in a bucket; clusters read and write s3://bucket/prefix")
    return bucket, prefix.strip("/")


def lies_below(uri: str, place: str) -> bool:
    """Whether ``uri`` is ``place`` or below it."""
    return (uri.rstrip("/") + "/").startswith(place.rstrip("/") + "/")
