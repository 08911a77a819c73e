"""setup, verify, the policies, and the template that says the same."""

from __future__ import annotations

import io
import json
import re
import runpy
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.stub import Stubber
from cloud_words import BUCKET

from fruits.cloud import policies
from fruits.cloud.aws import Aws
from fruits.cloud.certificates import expires, make_certificates
from fruits.cloud.pieces import Session, same_document
from fruits.cloud.role_pieces import INLINE, ROLES
from fruits.cloud.setup import pieces
from fruits.cloud.site import EMR_TAG, Site, load_site
from fruits.cloud.user_policy import user_policy
from fruits.cloud.verify import _block_public_access

REPOSITORY = Path(__file__).parent.parent.parent
TEMPLATE = REPOSITORY / "infra" / "fruits.yaml"


def documents(site: Site) -> dict[str, dict]:
    """Every policy document that we make."""
    found = {f"{role} trust": policies.trust(site, role) for role in ROLES}
    found |= {f"{role} policy": policies.role_policy(site, role) for role in ROLES}
    return found | {
        "user": user_policy(site),
        "bucket": policies.bucket_policy(site),
        "log bucket": policies.log_bucket_policy(site),
        "key": policies.key_policy(site),
    }


# --- least privilege -------------------------------------------------------------------------------------------------


def test_no_wildcard_that_is_not_annotated(site: Site) -> None:
    annotated = set()
    for name, document in documents(site).items():
        for statement in document["Statement"]:
            if statement["Effect"] == "Deny" or "Resource" not in statement:
                continue
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            where = f"{name}: {statement['Sid']}"
            if "*" in resources:
                assert statement["Sid"] in policies.WILDCARDS, where
                allowed = policies.WILDCARDS[statement["Sid"]].actions
                stray = [each for each in actions if not any(fnmatch(each, pattern) for pattern in allowed)]
                assert not stray, f"{where}: not in its annotation: {stray}"
                reads = re.compile(r":(Describe|Get|List)|^ssm|^kms:\*")
                assert "Condition" in statement or all(map(reads.search, actions)), f"{where}: held by nothing"
                annotated.add(statement["Sid"])
            if name != "key":  # in a key's own policy, the account's root must keep every right to it
                assert not [action for action in actions if "*" in action], where
            for resource in resources:
                parts = resource.split(":")
                if resource == "*":
                    continue
                assert "*" not in ":".join(parts[:5]), f"{where}: any region or account: {resource}"
                assert parts[5] != "*", where
    assert annotated == set(policies.WILDCARDS), "an annotation without its statement"
    assert all(each.why for each in policies.WILDCARDS.values())
    assert "FullAccess" not in json.dumps(documents(site))


def test_policies_fit_into_iam(site: Site) -> None:
    """IAM: 6,144 characters of a managed policy and 10,240 of a role's inline policies, without white space."""
    sizes = {name: len(json.dumps(each, separators=(",", ":"))) for name, each in documents(site).items()}
    assert sizes["user"] <= 6144, sizes
    assert max(sizes[f"{role} policy"] for role in ROLES) <= 10240, sizes


def test_only_aws_services_on_behalf_of_this_account_take_roles_on(site: Site) -> None:
    for role in ROLES:
        (statement,) = policies.trust(site, role)["Statement"]
        assert list(statement["Principal"]) == ["Service"]
        if role != "node":
            assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": site.account}


def test_clusters_read_images_and_write_results_and_nothing_else(site: Site) -> None:
    allowed = {
        (action, resource)
        for statement in policies.role_policy(site, "node")["Statement"]
        for action in statement["Action"]
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
        if action.startswith("s3:")
    }
    arn = f"arn:aws:s3:::{BUCKET}"
    writable = {resource for action, resource in allowed if action in ("s3:PutObject", "s3:DeleteObject")}
    assert writable == {f"{arn}/results/*", f"{arn}/fruits/logs/*"}
    readable = {resource for action, resource in allowed if action == "s3:GetObject"}
    assert readable == {f"{arn}/{name}/*" for name in ("images", "results", "fruits/packages", "fruits/certificates")}
    named = user_policy(site)["Statement"]
    assert {s["Sid"] for s in named if "s3:PutObject" in s["Action"]} == {"OwnObjects"}


def test_people_may_make_what_a_new_account_lacks_and_only_what_bears_the_tag(site: Site) -> None:
    statements = {each["Sid"]: each for each in user_policy(site)["Statement"]}
    linked = statements["ServiceLinkedRoles"]
    assert linked["Action"] == ["iam:CreateServiceLinkedRole"]
    assert linked["Resource"] == [
        f"arn:aws:iam::{site.account}:role/aws-service-role/{name}"
        for name in (
            "elasticmapreduce.amazonaws.com/AWSServiceRoleForEMRCleanup",
            "ops.emr-serverless.amazonaws.com/AWSServiceRoleForAmazonEMRServerless",
        )
    ]
    services = ["elasticmapreduce.amazonaws.com", "ops.emr-serverless.amazonaws.com"]
    assert linked["Condition"] == {"StringEquals": {"iam:AWSServiceName": services}}
    makers = [each for each in statements.values() if "emr-serverless:CreateApplication" in each["Action"]]
    assert [each["Condition"] for each in makers] == [{"StringEquals": {"aws:RequestTag/project": "fruits"}}]


# --- setup -----------------------------------------------------------------------------------------------------------


def test_the_bucket_is_as_closed_as_asked(site: Site) -> None:
    s3 = boto3.client("s3")
    for bucket in (BUCKET, site.log_bucket):
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert len(block) == 4
        assert all(block.values())
        controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        assert {"Bool": {"aws:SecureTransport": "false"}} in [each.get("Condition") for each in policy["Statement"]]
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-west-3"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]["TargetBucket"] == site.log_bucket


def test_disks_wire_and_metadata_are_protected(site: Site) -> None:
    answer = boto3.client("emr").describe_security_configuration(Name=site.security_configuration)
    security = json.loads(answer["SecurityConfiguration"])
    encryption = security["EncryptionConfiguration"]
    assert encryption["EnableInTransitEncryption"] is True
    disks = encryption["AtRestEncryptionConfiguration"]["LocalDiskEncryptionConfiguration"]
    assert disks["AwsKmsKey"] == site.key
    assert boto3.client("kms").get_key_rotation_status(KeyId=site.key)["KeyRotationEnabled"] is True
    metadata = security["InstanceMetadataServiceConfiguration"]
    assert metadata["MinimumInstanceMetadataServiceVersion"] == 2
    uri = encryption["InTransitEncryptionConfiguration"]["TLSCertificateConfiguration"]["S3Object"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert expires(content) > datetime.now(UTC) + timedelta(days=700)


def test_certificates_are_what_emr_asks_for(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(make_certificates("eu-west-3"))).extractall(tmp_path)
    chain, key = tmp_path / "certificateChain.pem", tmp_path / "privateKey.pem"
    openssl = ["openssl", "x509", "-in", str(chain), "-noout"]
    said = subprocess.run([*openssl, "-subject"], capture_output=True, text=True, check=True).stdout
    assert "*.eu-west-3.compute.internal" in said
    public = subprocess.run([*openssl, "-pubkey"], capture_output=True, check=True).stdout
    own = subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout"], capture_output=True, check=True).stdout
    assert public == own
    subprocess.run(["openssl", "verify", "-CAfile", str(tmp_path / "trustedCertificates.pem"), str(chain)], check=True)


def test_security_groups_begin_closed(site: Site) -> None:
    groups = boto3.client("ec2").describe_security_groups(GroupIds=[site.primary_group, site.core_group])
    for group in groups["SecurityGroups"]:
        assert group["IpPermissions"] == []
        assert {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"} in group["Tags"]


def test_setup_again_changes_nothing(cloud, world, site: Site) -> None:
    answer = cloud("setup", "--bucket", BUCKET)
    assert answer.code == 0
    assert "everything was there already" in answer.said
    changing = re.compile(r"Put|Create|Update|Delete|Add|Attach|Enable|RunJob|(PUT|DELETE) ")
    assert [call for call in world.calls() if changing.search(call)] == []


def test_a_dry_run_prints_every_call_and_makes_none(cloud, world) -> None:
    answer = cloud("setup", "--bucket", "fruits-dry", "--dry-run", "--encryption", "kms", "--private")
    assert answer.code == 0, answer.said
    for call in ("s3.create_bucket", "iam.create_role", "kms.create_key", "emr.create_security_configuration"):
        assert call in answer.said
    assert "nothing was changed" in answer.last
    assert "fruits-dry" not in [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]]
    assert not [call for call in world.calls() if re.search(r":(Create|PutRole|PUT)", call)]


def test_setup_goes_on_where_it_was_stopped_and_mends_what_was_changed(cloud, world) -> None:
    make_bucket("orchard", "eu-west-1")
    words = ("setup", "--bucket", "fruits-other", "--images", "s3://orchard/photos", "--encryption", "kms")
    world.script(refuse={"CreateInstanceProfile": ["AccessDenied", 403, 1]})
    stopped = cloud(*words)
    assert stopped.code == 1
    assert "access denied for CreateInstanceProfile" in stopped.last
    assert cloud(*words).code == 0
    site = load_site(Aws("eu-west-3"), "fruits-other")
    assert site.images == ("s3://orchard/photos",)
    rule = boto3.client("s3").get_bucket_encryption(Bucket="fruits-other")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.key}
    boto3.client("s3").delete_public_access_block(Bucket="fruits-other")
    boto3.client("iam").delete_role_policy(RoleName=site.role("node"), PolicyName=INLINE)
    found = cloud("verify", "--bucket", "fruits-other")
    assert found.code == 1
    bad = [line for line in found.said.splitlines() if line.startswith("MEND")]
    assert len(bad) == 2
    assert all("fruits cloud setup --bucket fruits-other" in line for line in bad)
    assert "2 pieces changed" in cloud("setup", "--bucket", "fruits-other").said
    assert cloud("verify", "--bucket", "fruits-other").code == 0


def make_bucket(name: str, region: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    boto3.client("s3", region_name=region).create_bucket(Bucket=name, **place)


CHANGING = re.compile(r":(Create|Put|Update|Delete|Add|Attach|Enable)|:(PUT|DELETE|POST) ")


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


def test_a_key_and_tags_that_were_lost_are_found_and_mended(cloud, world) -> None:
    words = ("--bucket", "fruits-worn")
    assert cloud("setup", *words).code == 0
    site = load_site(Aws("eu-west-3"), "fruits-worn")
    kms, ec2 = boto3.client("kms"), boto3.client("ec2")
    kms.schedule_key_deletion(KeyId=site.key.rpartition("/")[2], PendingWindowInDays=7)
    ec2.delete_tags(Resources=[site.core_group, site.subnet, site.vpc], Tags=[{"Key": next(iter(EMR_TAG))}])
    found = cloud("verify", *words)
    assert found.code == 1
    bad = [line for line in found.said.splitlines() if line.startswith("MEND")]
    assert [name for name in (site.key, site.core_group, site.subnet, site.vpc) if name not in " ".join(bad)] == []
    assert len(bad) == 4
    assert cloud("setup", *words).code == 0
    assert kms.describe_key(KeyId=site.key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert cloud("verify", *words).code == 0
    ec2.delete_security_group(GroupId=site.core_group)
    assert "MEND" in cloud("verify", *words).said
    assert cloud("setup", *words).code == 0
    assert cloud("verify", *words).code == 0


def test_a_key_of_somebody_elses_is_not_switched_on(cloud, world) -> None:
    made = boto3.client("kms").create_key()["KeyMetadata"]
    key = made["Arn"]
    boto3.client("kms").disable_key(KeyId=made["KeyId"])
    answer = cloud("setup", "--bucket", "fruits-foreign-key", "--kms-key", key)
    assert answer.code == 2
    assert f"the key {key} is Disabled" in answer.last


# --- verify ----------------------------------------------------------------------------------------------------------


def test_verify_a_site_that_is_fine(cloud, world, site: Site) -> None:
    answer = cloud("verify", "--bucket", BUCKET)
    assert answer.code == 0, answer.said
    assert "account 123456789012" in answer.said
    assert "in the EU" in answer.said
    assert answer.last == "all is well"


@pytest.mark.parametrize(
    ("script", "words", "sentence", "code"),
    [
        ({"quota": 8}, (), "12 vCPUs are needed and 8 allowed; ask for more: aws service-quotas", 1),
        ({"block_public_access": False}, (), "aws emr put-block-public-access-configuration", 0),
        ({}, ("--release", "emr-7.99.0"), "say --release emr-7.13.0", 1),
        ({}, ("--bucket", "nobody-has-this"), "fruits cloud setup --bucket nobody-has-this", 1),
        ({"refuse": {"GetCallerIdentity": ["InvalidClientTokenId", 403, 1]}}, (), "refused the credentials", 1),
    ],
)
def test_verify_names_the_command_that_mends(
    cloud, world, site: Site, script: dict, words: tuple, sentence: str, code: int
) -> None:
    world.script(**script)
    answer = cloud("verify", *(words or ("--bucket", BUCKET)))
    assert answer.code == code, answer.said
    assert sentence in answer.said
    assert "elasticmapreduce:PutBlockPublicAccessConfiguration" not in world.calls()


def test_only_the_port_of_ssh_is_a_fine_exception() -> None:
    aws = Aws("eu-west-3")
    for last, level in ((22, "fine"), (65535, "note")):
        setting = {"BlockPublicSecurityGroupRules": True}
        setting["PermittedPublicSecurityGroupRuleRanges"] = [{"MinRange": 22, "MaxRange": last}]
        meta = {"CreationDateTime": datetime.now(UTC), "CreatedByArn": "arn:aws:iam::123456789012:root"}
        answer = {"BlockPublicAccessConfiguration": setting, "BlockPublicAccessConfigurationMetadata": meta}
        with Stubber(aws.client("emr")) as emr:
            emr.add_response("get_block_public_access_configuration", answer)
            assert _block_public_access(aws).level == level


# --- the template ----------------------------------------------------------------------------------------------------


def test_the_template_is_what_its_script_writes() -> None:
    written = runpy.run_path(str(REPOSITORY / "scripts" / "cloud_template.py"))["text"]()
    assert TEMPLATE.read_text(encoding="utf-8") == written, "run scripts/cloud_template.py"


def test_the_template_is_sound() -> None:
    linter = [str(Path(sys.executable).parent / "cfn-lint"), "-r", "eu-west-3", "--", str(TEMPLATE)]
    done = subprocess.run(linter, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def evaluated(site: Site) -> dict[str, dict]:
    """The template's resources as CloudFormation would make them for a site."""
    document = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    values = {
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
            if list(value) == ["Fn::Sub"]:
                return re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], value["Fn::Sub"])
            return values[value["Ref"]] if list(value) == ["Ref"] else {k: resolve(v) for k, v in value.items()}
        return [resolve(each) for each in value] if isinstance(value, list) else value

    return {name: resolve(each["Properties"]) for name, each in document["Resources"].items()}


def test_the_template_makes_the_roles_that_setup_made(site: Site) -> None:
    made, iam = evaluated(site), boto3.client("iam")
    for role in ROLES:
        wanted = made[f"{role.capitalize()}Role"]
        found = iam.get_role(RoleName=wanted["RoleName"])["Role"]
        assert same_document(found["AssumeRolePolicyDocument"]) == same_document(wanted["AssumeRolePolicyDocument"])
        (inline,) = wanted["Policies"]
        document = iam.get_role_policy(RoleName=wanted["RoleName"], PolicyName=inline["PolicyName"])["PolicyDocument"]
        assert same_document(document) == same_document(inline["PolicyDocument"]), role
    profile = iam.get_instance_profile(InstanceProfileName=made["NodeProfile"]["InstanceProfileName"])
    assert [each["RoleName"] for each in profile["InstanceProfile"]["Roles"]] == made["NodeProfile"]["Roles"]
    arn = f"arn:aws:iam::{site.account}:policy/{made['UserPolicy']['ManagedPolicyName']}"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert same_document(found) == same_document(made["UserPolicy"]["PolicyDocument"])


def test_the_template_makes_the_buckets_that_setup_made(site: Site) -> None:
    made, s3 = evaluated(site), boto3.client("s3")
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
    logging = s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]
    asked = made["MainBucket"]["LoggingConfiguration"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (
        asked["DestinationBucketName"],
        asked["LogFilePrefix"],
    )
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == made["MainBucket"]["VersioningConfiguration"]["Status"]


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


def test_the_template_makes_the_rest_that_setup_made(site: Site) -> None:
    made = evaluated(site)
    security = boto3.client("emr").describe_security_configuration(Name=made["Security"]["Name"])
    assert json.loads(security["SecurityConfiguration"]) == made["Security"]["SecurityConfiguration"]
    groups = boto3.client("ec2").describe_security_groups(GroupIds=[site.primary_group, site.core_group])
    names = {(group["GroupName"], group["VpcId"]) for group in groups["SecurityGroups"]}
    assert names == {(made[f"{part}Group"]["GroupName"], made[f"{part}Group"]["VpcId"]) for part in ("Primary", "Core")}
    policy = boto3.client("kms").get_key_policy(KeyId=site.key, PolicyName="default")["Policy"]
    assert same_document(policy) == same_document(made["Key"]["KeyPolicy"])
    aliases = boto3.client("kms").list_aliases()["Aliases"]
    assert made["KeyAlias"]["AliasName"] in {alias["AliasName"] for alias in aliases}


def test_every_piece_of_a_site_can_be_read_by_the_user_policy(site: Site) -> None:
    """`verify` needs no more than people have; what it reads stands in their policy."""
    session = Session(Aws(site.region), dry=True)
    read: set[str] = set()
    client_read = session.read

    def note(service: str, operation: str, **parameters):
        read.add(f"{service}.{operation}")
        return client_read(service, operation, **parameters)

    session.read = note  # type: ignore[method-assign]
    assert all(piece.is_fine() for piece in pieces(site, session))
    allowed = {action for each in user_policy(site)["Statement"] for action in each["Action"]}
    words = {
        "get_public_access_block": "GetBucketPublicAccessBlock",
        "get_bucket_encryption": "GetEncryptionConfiguration",
        "get_bucket_lifecycle_configuration": "GetLifecycleConfiguration",
        "head_bucket": "ListBucket",
    }
    prefixes = {"emr": "elasticmapreduce"}
    for call in read:
        service, _, operation = call.partition(".")
        action = words.get(operation) or "".join(part.capitalize() for part in operation.split("_"))
        assert f"{prefixes.get(service, service)}:{action}" in allowed, call
