"""Buckets that were there before `setup`: where they may lie, and what stays their owner's."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from cloud_buckets import CHANGING, make_bucket
from cloud_words import BUCKET

from fruits.cloud.aws import Aws
from fruits.cloud.pieces import Session
from fruits.cloud.setup import pieces, setup
from fruits.cloud.site import Site


@pytest.mark.parametrize("place", ["--images", "--results"])
def test_data_outside_the_union_is_refused(cloud, world, place: str) -> None:
    bucket = f"virginia{place}"
    make_bucket(bucket, "us-east-1")
    world.script()
    site = f"fruits{place}"
    words = ("setup", "--bucket", site, place, f"s3://{bucket}/here")
    answer = cloud(*words)
    assert answer.code == 2
    assert f"the bucket {bucket} lies in us-east-1, outside the European Union" in answer.last
    assert "--outside-eu" in answer.last
    assert not [call for call in world.calls() if CHANGING.search(call)]
    assert cloud(*words, "--outside-eu").code == 0
    found = cloud("verify", "--bucket", site)
    assert found.code == 1
    assert f"MEND  place of {bucket}: the bucket {bucket} lies in us-east-1, outside" in found.said
    assert cloud("verify", "--bucket", site, "--outside-eu").code == 0


def test_a_bucket_of_another_region_or_of_nobody_is_refused(cloud, world) -> None:
    make_bucket("fruits-ireland", "eu-west-1")
    make_bucket("fruits-oregon", "us-west-2")
    world.script()
    answer = cloud("setup", "--bucket", "fruits-ireland")
    assert answer.code == 2
    assert "fruits-ireland lies in eu-west-1, not in eu-west-3; say --region eu-west-1" in answer.last
    assert "fruits-oregon lies in us-west-2, outside" in cloud("setup", "--bucket", "fruits-oregon").last
    answer = cloud("setup", "--bucket", "fruits-nobody", "--images", "s3://nobody-has-this/images")
    assert answer.code == 2
    assert "there is no bucket nobody-has-this" in answer.last
    assert not [call for call in world.calls() if CHANGING.search(call)]


def test_a_bucket_that_is_somebody_else_s_is_told(cloud, world) -> None:
    """S3 answers so for any name that is taken: what a newcomer with a common name meets first."""
    make_bucket("fruits", "eu-west-3")
    world.script(refuse={"GET /fruits/fruits/setup.json": ["AccessDenied", 403, 1]})
    answer = cloud("setup", "--bucket", "fruits")
    assert answer.code == 1
    assert "Is fruits yours? All of AWS shares the names of buckets" in answer.last
    assert not [call for call in world.calls() if CHANGING.search(call)]


OWN_STATEMENT = {
    "Sid": "OrchardMayRead",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::their-orchard/*",
}
OWN_RULE = {"ID": "cold", "Status": "Enabled", "Filter": {"Prefix": "attic/"}, "Expiration": {"Days": 4000}}


def test_a_bucket_that_was_there_keeps_what_is_its_owners(cloud, world) -> None:
    s3, bucket = boto3.client("s3"), "their-orchard"
    make_bucket(bucket, "eu-west-3")
    make_bucket("their-logs", "eu-west-3")
    policy = {"Version": "2012-10-17", "Id": "theirs", "Statement": [OWN_STATEMENT]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    old_words = {"ID": "older", "Status": "Enabled", "Prefix": "cellar/", "Expiration": {"Days": 5000}}
    rules = {"Rules": [OWN_RULE, old_words]}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    logging = {"TargetBucket": "their-logs", "TargetPrefix": "x/"}
    owner = {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}}
    delivery = owner | {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::their-logs/*"}
    log_policy = {"Version": "2012-10-17", "Statement": [delivery]}
    boto3.client("s3").put_bucket_policy(Bucket="their-logs", Policy=json.dumps(log_policy))
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": logging})

    assert cloud("setup", "--bucket", bucket).code == 0
    kept = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert kept["Id"] == "theirs"
    assert OWN_STATEMENT in kept["Statement"]
    assert [each["Effect"] for each in kept["Statement"]] == ["Allow", "Deny"]
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert OWN_RULE in found
    assert {"cold", "older"} <= {rule["ID"] for rule in found}
    expiring = [each for each in found if "NoncurrentVersionExpiration" in each]
    assert {each["Filter"]["Prefix"] for each in expiring} == {"fruits/", "results/"}
    assert not [each for each in found if not each["Filter"].get("Prefix")], "a rule over the whole of their bucket"
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == logging
    assert "everything was there already" in cloud("setup", "--bucket", bucket).said
    assert cloud("verify", "--bucket", bucket).code == 0


def test_what_an_owner_decided_otherwise_is_refused(cloud, world) -> None:
    s3, bucket = boto3.client("s3"), "their-meadow"
    make_bucket(bucket, "eu-west-3")
    words = ("setup", "--bucket", bucket)
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    configuration = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=ownership)
    world.script()
    refused = cloud(*words)
    assert refused.code == 2
    assert "ACLs disabled" in refused.last
    assert "BucketOwnerPreferred" in refused.last
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    refused = cloud(*words)
    assert refused.code == 2
    assert "--encryption kms --kms-key" in refused.last
    assert not [call for call in world.calls() if CHANGING.search(call) and "/their-meadow" not in call]
    assert cloud(*words, "--encryption", "kms", "--kms-key", key).code == 0
    answer = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert answer["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
    assert "everything was there already" in cloud(*words).said


def test_s3_is_asked_once_whose_a_bucket_is(cloud, world, site: Site) -> None:
    """`setup` asks for the tags of each bucket once, and where it lies once before it looks whether it is there."""
    asked: list[str] = []
    session = Session(Aws(site.region))
    read = session.read

    def note(service: str, operation: str, **parameters: Any) -> Any:
        asked.append(f"{operation} {parameters.get('Bucket', '')}")
        return read(service, operation, **parameters)

    session.read = note  # type: ignore[method-assign]
    setup(site, session)
    for bucket in (BUCKET, site.log_bucket):
        assert asked.count(f"get_bucket_tagging {bucket}") == 1
        assert asked.count(f"head_bucket {bucket}") == 2
    asked.clear()
    assert all(piece.is_fine() for piece in pieces(site, session))
    for bucket in (BUCKET, site.log_bucket):
        assert asked.count(f"get_bucket_tagging {bucket}") == 1


def test_a_bucket_of_an_earlier_setup_is_told_and_can_be_adopted(cloud, world) -> None:
    """The first version of `setup` left the tag `project` alone."""
    s3, bucket, words = boto3.client("s3"), "fruits-earlier", ("setup", "--bucket", "fruits-earlier")
    make_bucket(bucket, "eu-west-3")
    own = [{"Key": "team", "Value": "orchard"}, {"Key": "project", "Value": "fruits"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": own})
    answer = cloud(*words)
    assert answer.code == 0, answer.said
    assert f"{bucket} bears the tag project=fruits, but not made-by=fruits-cloud-setup" in answer.said
    assert "say --adopt, once" in answer.said

    def expiring() -> set[str]:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        return {rule["Filter"].get("Prefix", "") for rule in rules if "NoncurrentVersionExpiration" in rule}

    assert expiring() == {"fruits/", "results/"}
    assert "nothing was changed" in cloud(*words, "--adopt", "--dry-run").last
    assert expiring() == {"fruits/", "results/"}
    adopted = cloud(*words, "--adopt")
    assert adopted.code == 0, adopted.said
    assert expiring() == {""}
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags == {"team": "orchard", "project": "fruits", "made-by": "fruits-cloud-setup"}
    for again in (words, (*words, "--adopt")):
        said = cloud(*again).said
        assert "everything was there already" in said
        assert "bears the tag" not in said
    assert cloud("verify", "--bucket", bucket).code == 0
