"""What is fine, what is missing, and the command that mends it; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fruits.cloud.aws import Aws, aws_errors
from fruits.cloud.errors import CloudError, CredentialsError
from fruits.cloud.pieces import Session
from fruits.cloud.places import buckets, misplaced, region_of
from fruits.cloud.prices import Prices
from fruits.cloud.regions import EU
from fruits.cloud.setup import pieces
from fruits.cloud.shapes import Shape
from fruits.cloud.site import Site, load_site

# Service Quotas' codes: vCPUs of "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", and the Spot twin.
ON_DEMAND_QUOTA, SPOT_QUOTA = "L-1216C47A", "L-34B43A08"
SSH = 22


@dataclass(frozen=True)
class Finding:
    """What a check found; ``note`` is worth knowing and stops nothing, ``bad`` must be mended."""

    level: Literal["fine", "note", "bad"]
    name: str
    sentence: str


def verify(
    aws: Aws, bucket: str | None, shape: Shape, release: str, prices: Prices, *, outside_eu: bool = False
) -> Iterator[Finding]:
    """Yield what is found, as it is found; without credentials nothing else can be looked at.

    ``outside_eu`` says that data may lie outside the European Union.
    """
    try:
        who = aws.identity
    except CloudError as error:
        yield Finding("bad", "credentials", str(error))
        return
    yield Finding("fine", "credentials", f"{who.arn}, account {who.account}")
    yield _region(aws.region)
    yield from _guarded("quota", lambda: _quota(aws, shape, prices))
    yield from _guarded("release", lambda: _release(aws, release))
    yield from _guarded("public access", lambda: _block_public_access(aws))
    if bucket is None:
        yield Finding("note", "bucket", "none named: say --bucket NAME to have it and its roles looked at")
        return
    try:
        site = load_site(aws, bucket)
    except CloudError as error:
        yield Finding("bad", "bucket", str(error))
        return
    session = Session(aws, dry=True)
    for each in buckets(site):
        yield from _guarded(f"place of {each}", partial(_place, each, site, session, outside_eu=outside_eu))
    yield from _site(site, session)


def _guarded(name: str, check: Callable[[], Finding]) -> Iterator[Finding]:
    """A check that AWS refuses is a note; credentials that end meanwhile end it all."""
    try:
        yield check()
    except CredentialsError:
        raise
    except CloudError as error:
        yield Finding("note", name, f"could not be looked at: {error}")


def _region(region: str) -> Finding:
    if region in EU:
        return Finding("fine", "region", f"{region} ({EU[region]}), in the EU")
    return Finding("note", "region", f"{region} is outside the EU; every run record will say so")


def _quota(aws: Aws, shape: Shape, prices: Prices) -> Finding:
    if shape.target == "serverless":
        return Finding("note", "quota", "EMR Serverless: 16 vCPUs at once by default; Service Quotas raises it")
    machine = prices.instance(shape.instance).vcpus
    spot = machine * max(0, shape.ceiling - 1) if shape.spot else 0
    needs = {ON_DEMAND_QUOTA: machine * (1 + shape.ceiling) - spot, SPOT_QUOTA: spot}
    for code, vcpus in needs.items():
        if not vcpus:
            continue
        with aws_errors("asking for the quota"):
            answer = aws.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)
        allowed = answer["Quota"]["Value"]
        kind = "Spot" if code == SPOT_QUOTA else "on-demand"
        if allowed < vcpus:
            return Finding(
                "bad",
                "quota",
                f"{kind}: {vcpus} vCPUs are needed and {allowed:.0f} allowed; ask for more: aws service-quotas"
                f" request-service-quota-increase --service-code ec2 --quota-code {code} --desired-value {vcpus}"
                f" --region {aws.region}",
            )
    return Finding("fine", "quota", f"enough vCPUs for {shape.describe()}")


def _release(aws: Aws, release: str) -> Finding:
    with aws_errors("listing releases"):
        pages: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = aws.client("emr").list_release_labels(**token)
            pages += answer["ReleaseLabels"]
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
    if release in pages:
        return Finding("fine", "release", f"{release} is offered in {aws.region}")
    newest = [label for label in pages if label.startswith("emr-7.")][:1]
    offer = f"; {newest[0]} is: say --release {newest[0]}" if newest else ""
    return Finding("bad", "release", f"{release} is not offered in {aws.region}{offer}")


def _block_public_access(aws: Aws) -> Finding:
    """EMR's account-wide setting is somebody else's decision: it is told, and never changed."""
    with aws_errors("asking for EMR's block public access"):
        setting = aws.client("emr").get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    ranges = setting.get("PermittedPublicSecurityGroupRuleRanges", [])
    open_ranges = [r for r in ranges if (r["MinRange"], r.get("MaxRange", r["MinRange"])) != (SSH, SSH)]
    if not setting["BlockPublicSecurityGroupRules"]:
        return Finding(
            "note",
            "public access",
            "EMR's account-wide block public access is OFF; our groups are closed all the same. To switch it on:"
            f" aws emr put-block-public-access-configuration --region {aws.region}"
            " --block-public-access-configuration BlockPublicSecurityGroupRules=true",
        )
    if open_ranges:
        return Finding("note", "public access", f"EMR's block public access is on, with exceptions: {open_ranges}")
    return Finding("fine", "public access", "EMR's account-wide block public access is on")


def _place(bucket: str, site: Site, session: Session, *, outside_eu: bool) -> Finding:
    region = region_of(bucket, session)
    if complaint := misplaced(bucket, region, site, outside_eu=outside_eu):
        return Finding("bad", f"place of {bucket}", complaint)
    if region in EU:
        return Finding("fine", f"place of {bucket}", region)
    return Finding("note", f"place of {bucket}", f"{region}, outside the EU" if region else "not made yet")


def _site(site: Site, session: Session) -> Iterator[Finding]:
    mend = f"mend with: fruits cloud setup --bucket {site.bucket}"
    try:
        all_pieces = pieces(site, session)
    except CredentialsError:
        raise
    except CloudError as error:
        yield Finding("bad", "buckets", str(error))
        return
    for piece in all_pieces:
        try:
            fine = piece.is_fine()
        except CredentialsError:
            raise
        except CloudError as error:
            yield Finding("note", piece.name, f"could not be looked at: {error}")
            continue
        yield Finding("fine", piece.name, "as set up") if fine else Finding("bad", piece.name, f"differs; {mend}")
    if site.private:
        yield from _guarded("private subnet", lambda: _gateway(site, session))


def _gateway(site: Site, session: Session) -> Finding:
    filters = [
        {"Name": "vpc-id", "Values": [site.vpc]},
        {"Name": "service-name", "Values": [f"com.amazonaws.{site.region}.s3"]},
    ]
    found: list[Any] = session.read("ec2", "describe_vpc_endpoints", Filters=filters)["VpcEndpoints"]
    if found:
        return Finding("fine", "private subnet", "reaches S3 through an endpoint")
    return Finding(
        "note",
        "private subnet",
        f"no S3 endpoint in {site.vpc}; unless there is a NAT, make one: aws ec2 create-vpc-endpoint"
        f" --vpc-id {site.vpc} --service-name com.amazonaws.{site.region}.s3 --region {site.region}"
        " --route-table-ids ...",
    )
