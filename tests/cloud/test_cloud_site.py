"""setup and verify: a site that is made, found fine, mended."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from cloud_buckets import make_bucket
from cloud_words import BUCKET

from fruits.cloud.aws import Aws
from fruits.cloud.certificates import expires, make_certificates
from fruits.cloud.role_pieces import INLINE
from fruits.cloud.site import EMR_TAG, Site, load_site
from fruits.cloud.verify import _block_public_access

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
