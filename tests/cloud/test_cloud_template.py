"""The CloudFormation template: sound, and equal to what `setup` makes."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml

import fruits.cli
from fruits.cloud.aws import Aws
from fruits.cloud.pieces import same_document
from fruits.cloud.role_pieces import ROLES
from fruits.cloud.site import Site, load_site

REPOSITORY = Path(__file__).parent.parent.parent
TEMPLATE = REPOSITORY / "infra" / "fruits.yaml"


def test_the_template_is_what_its_script_writes() -> None:
    written = runpy.run_path(str(REPOSITORY / "scripts" / "cloud_template.py"))["text"]()
    assert TEMPLATE.read_text(encoding="utf-8") == written, "run scripts/cloud_template.py"


def test_the_template_is_sound() -> None:
    linter = [str(Path(sys.executable).parent / "cfn-lint"), "-r", "eu-west-3", "--", str(TEMPLATE)]
    done = subprocess.run(linter, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["", "--private --encryption kms", "--private --encryption kms --kms-key"])
def made_site(site: Site, request: pytest.FixtureRequest) -> Site:
    """What `setup` makes by default, and with the options that the template has as parameters."""
    if not request.param:
        return site
    words = request.param.split()
    bucket = f"fruits-template-{len(words)}"
    if words[-1] == "--kms-key":
        words.append(boto3.client("kms").create_key()["KeyMetadata"]["Arn"])
    assert fruits.cli.main(["cloud", "setup", "--bucket", bucket, *words]) == 0
    return load_site(Aws("eu-west-3"), bucket)


def has_own_key(site: Site) -> bool:
    return boto3.client("kms").describe_key(KeyId=site.key)["KeyMetadata"]["Description"] == ""


def evaluated(site: Site) -> dict[str, dict]:
    """The template's resources as CloudFormation would make them for a site."""
    document = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    values = {
        "Private": str(site.private).lower(),
        "Encryption": site.encryption,
        "KmsKey": site.key if has_own_key(site) else "",
        "Bucket": site.bucket,
        "Database": site.database,
        "Vpc": site.vpc,
        "Subnet": site.subnet,
        "AWS::Region": site.region,
        "AWS::AccountId": site.account,
        "AWS::Partition": site.partition,
        "Key.Arn": site.key,
        "MainBucket": site.bucket,
        "LogBucket": site.log_bucket,
        "NodeRole": site.role("node"),
        "Key": site.key,
    }

    def resolve(value):
        if isinstance(value, dict):
            if list(value) == ["Fn::If"]:
                name, then, otherwise = value["Fn::If"]
                return resolve(then if holds(document["Conditions"][name]) else otherwise)
            if list(value) == ["Fn::GetAtt"]:
                return values[".".join(value["Fn::GetAtt"])]
            if list(value) == ["Fn::Sub"]:
                return re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], value["Fn::Sub"])
            return values[value["Ref"]] if list(value) == ["Ref"] else {k: resolve(v) for k, v in value.items()}
        return [resolve(each) for each in value] if isinstance(value, list) else value

    def holds(condition: dict) -> bool:
        if "Fn::Not" in condition:
            return not holds(condition["Fn::Not"][0])
        left, right = map(resolve, condition["Fn::Equals"])
        return left == right

    return {
        name: resolve(each["Properties"])
        for name, each in document["Resources"].items()
        if "Condition" not in each or holds(document["Conditions"][each["Condition"]])
    }


def test_the_template_makes_the_roles_that_setup_made(made_site: Site) -> None:
    made, iam = evaluated(made_site), boto3.client("iam")
    for role in ROLES:
        wanted = made[f"{role.capitalize()}Role"]
        found = iam.get_role(RoleName=wanted["RoleName"])["Role"]
        assert same_document(found["AssumeRolePolicyDocument"]) == same_document(wanted["AssumeRolePolicyDocument"])
        (inline,) = wanted["Policies"]
        document = iam.get_role_policy(RoleName=wanted["RoleName"], PolicyName=inline["PolicyName"])["PolicyDocument"]
        assert same_document(document) == same_document(inline["PolicyDocument"]), role
    profile = iam.get_instance_profile(InstanceProfileName=made["NodeProfile"]["InstanceProfileName"])
    assert [each["RoleName"] for each in profile["InstanceProfile"]["Roles"]] == made["NodeProfile"]["Roles"]
    for name in ("DataPolicy", "ClustersPolicy"):
        arn = f"arn:aws:iam::{made_site.account}:policy/{made[name]['ManagedPolicyName']}"
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        assert same_document(found) == same_document(made[name]["PolicyDocument"])


def test_the_template_makes_the_buckets_that_setup_made(made_site: Site) -> None:
    made, s3 = evaluated(made_site), boto3.client("s3")
    for name, policy in (("MainBucket", "MainPolicy"), ("LogBucket", "LogPolicy")):
        wanted = made[name]
        bucket = wanted["BucketName"]
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert block == wanted["PublicAccessBlockConfiguration"]
        assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == wanted["OwnershipControls"]
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        (asked,) = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ApplyServerSideEncryptionByDefault"] == asked["ServerSideEncryptionByDefault"]
        found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert sorted(map(_rule, found), key=str) == sorted(wanted["LifecycleConfiguration"]["Rules"], key=str)
        document = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        assert same_document(document) == same_document(made[policy]["PolicyDocument"])
    logging = s3.get_bucket_logging(Bucket=made_site.bucket)["LoggingEnabled"]
    asked = made["MainBucket"]["LoggingConfiguration"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (
        asked["DestinationBucketName"],
        asked["LogFilePrefix"],
    )
    assert (
        s3.get_bucket_versioning(Bucket=made_site.bucket)["Status"]
        == made["MainBucket"]["VersioningConfiguration"]["Status"]
    )


def _rule(rule: dict) -> dict:
    """A rule of the API in CloudFormation's words."""
    words = {"Id": rule["ID"], "Status": rule["Status"]}
    if "Expiration" in rule:
        words["ExpirationInDays"] = rule["Expiration"]["Days"]
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            words[name] = rule[name]
    if rule["Filter"].get("Prefix"):
        words["Prefix"] = rule["Filter"]["Prefix"]
    return words


def test_the_template_makes_the_rest_that_setup_made(made_site: Site) -> None:
    made, kms = evaluated(made_site), boto3.client("kms")
    security = boto3.client("emr").describe_security_configuration(Name=made["Security"]["Name"])
    assert json.loads(security["SecurityConfiguration"]) == made["Security"]["SecurityConfiguration"]
    ids = [each for each in (made_site.primary_group, made_site.core_group, made_site.service_group) if each]
    groups = boto3.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
    names = {(group["GroupName"], group["VpcId"]) for group in groups}
    asked = {(each["GroupName"], each["VpcId"]) for name, each in made.items() if name.endswith("Group")}
    assert names == asked
    assert len(asked) == (3 if made_site.private else 2)
    if has_own_key(made_site):
        assert not {"Key", "KeyAlias"} & made.keys()
        return
    policy = kms.get_key_policy(KeyId=made_site.key, PolicyName="default")["Policy"]
    assert same_document(policy) == same_document(made["Key"]["KeyPolicy"])
    aliases = kms.list_aliases()["Aliases"]
    assert made["KeyAlias"]["AliasName"] in {alias["AliasName"] for alias in aliases}
