"""Write infra/fruits.yaml, the CloudFormation template of what `fruits cloud setup` makes; tests compare.

python scripts/cloud_template.py [FILE]

The policies are those of src/fruits/cloud, with CloudFormation's parameters in place of names; the rest is written
here.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from fruits.cloud import policies
from fruits.cloud.bucket_pieces import ACCESS_LOG_DAYS, LOG_DAYS, OLD_VERSION_DAYS, RULE_MARK, UPLOAD_DAYS
from fruits.cloud.role_pieces import INLINE, ROLES
from fruits.cloud.site import MADE, PREFIX, PROJECT, Site
from fruits.cloud.user_policy import user_policies

_SSE_S3 = {"SSEAlgorithm": "AES256"}
TARGET = Path(__file__).parent.parent / "infra" / "fruits.yaml"
HEAD = """# Written by scripts/cloud_template.py; do not edit. What `fruits cloud setup` makes, for those who keep their
# infrastructure in CloudFormation. Three things a template cannot do, and `setup` run afterwards does: tag the subnet
# and its VPC for EMR, make and upload the certificates for encryption in transit, and write down the site. Parameters
# that you changed are options there: Encryption --encryption, KmsKey --kms-key, Private --private, Subnet --subnet.
"""
KEY = "${Key.Arn}"  # of the site: the one that is made here, or the parameter


class TemplateSite(Site):
    """A site whose names are CloudFormation's parameters."""

    @property
    def database(self) -> str:
        """A parameter: CloudFormation cannot put underscores for hyphens."""
        return "${Database}"


def template() -> dict[str, Any]:
    """Return the template."""
    site = TemplateSite(
        bucket="${Bucket}",
        region="${AWS::Region}",
        account="${AWS::AccountId}",
        partition="${AWS::Partition}",
        images=("s3://${Bucket}/images",),
        results="s3://${Bucket}/results",
        key=KEY,
        subnet="${Subnet}",
    )
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Fruits!: bucket, roles and security configuration for clusters under a budget",
        "Parameters": _parameters(),
        "Conditions": {
            "OwnKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKey"}, ""]}]},
            "MadeKey": {"Fn::Equals": [{"Ref": "KmsKey"}, ""]},
            "WithKms": {"Fn::Equals": [{"Ref": "Encryption"}, "kms"]},
            "PrivateSubnet": {"Fn::Equals": [{"Ref": "Private"}, "true"]},
        },
        "Resources": _sub({**_buckets(site), **_key(site), **_roles(site), **_network(site)}),
        "Outputs": {
            "AccessGroup": {
                "Condition": "PrivateSubnet",
                "Description": "security group of EMR's own access to a private subnet",
                "Value": {"Ref": "AccessGroup"},
            },
            "DataPolicy": {"Description": "attach both to people who run jobs", "Value": {"Ref": "DataPolicy"}},
            "ClustersPolicy": {"Description": "the other of them", "Value": {"Ref": "ClustersPolicy"}},
            "PrimaryGroup": {"Description": "security group of primaries", "Value": {"Ref": "PrimaryGroup"}},
            "CoreGroup": {"Description": "security group of core nodes", "Value": {"Ref": "CoreGroup"}},
        },
    }


def _parameters() -> dict[str, Any]:
    return {
        "Bucket": {
            "Type": "String",
            "Description": "name of the bucket",
            "AllowedPattern": "[a-z0-9][a-z0-9-]{1,38}[a-z0-9]",
        },
        "Database": {
            "Type": "String",
            "Description": "Glue database: fruits_ and the bucket's name with underscores for hyphens",
            "AllowedPattern": "[a-z0-9_]{3,60}",
        },
        "Vpc": {"Type": "AWS::EC2::VPC::Id", "Description": "network of the clusters"},
        "Subnet": {"Type": "AWS::EC2::Subnet::Id", "Description": "a subnet of it"},
        "Private": {
            "Type": "String",
            "Description": "true where the subnet has no public addresses",
            "AllowedValues": ["false", "true"],
            "Default": "false",
        },
        "Encryption": {
            "Type": "String",
            "Description": "of the bucket: s3 (SSE-S3) or kms (SSE-KMS)",
            "AllowedValues": ["s3", "kms"],
            "Default": "s3",
        },
        "KmsKey": {
            "Type": "String",
            "Description": "ARN of your own key; one is made if this is empty",
            "AllowedPattern": "(arn:[a-z-]+:kms:.+)?",
            "Default": "",
        },
    }


def _buckets(site: Site) -> dict[str, Any]:
    uploads = {
        "Id": f"{RULE_MARK}incomplete-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
    }
    old = {"NoncurrentDays": OLD_VERSION_DAYS}
    logs = _expiry(f"{RULE_MARK}cluster-logs", f"{PREFIX}logs/", LOG_DAYS)
    main = _bucket(
        site.bucket,
        [logs, uploads, {"Id": f"{RULE_MARK}old-versions", "Status": "Enabled", "NoncurrentVersionExpiration": old}],
    )
    main["DependsOn"] = "LogPolicy"
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.key}
    main["Properties"] |= {
        "BucketEncryption": _if("WithKms", _encryption(kms, bucket_key=True), _encryption(_SSE_S3)),
        "VersioningConfiguration": {"Status": "Enabled"},
        "LoggingConfiguration": {"DestinationBucketName": site.log_bucket, "LogFilePrefix": f"{site.bucket}/"},
    }
    return {
        "LogBucket": _bucket(
            site.log_bucket, [_expiry(f"{RULE_MARK}access-logs", f"{site.bucket}/", ACCESS_LOG_DAYS), uploads]
        ),
        "LogPolicy": _bucket_policy("LogBucket", policies.log_bucket_policy(site)),
        "MainBucket": main,
        "MainPolicy": _bucket_policy("MainBucket", policies.bucket_policy(site)),
    }


def _bucket(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": name,
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": _encryption(_SSE_S3),
            "LifecycleConfiguration": {"Rules": sorted(rules, key=lambda rule: str(rule["Id"]))},
            "Tags": _tags({"project": PROJECT, MADE[0]: MADE[1]}),
        },
    }


def _encryption(default: dict[str, str], *, bucket_key: bool = False) -> dict[str, Any]:
    rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
    return {"ServerSideEncryptionConfiguration": [rule]}


def _if(condition: str, then: Any, otherwise: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"Fn::If": [condition, then, otherwise]}


def _expiry(name: str, prefix: str, days: int) -> dict[str, Any]:
    return {"Id": name, "Status": "Enabled", "ExpirationInDays": days, "Prefix": prefix}


def _bucket_policy(resource: str, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": resource}, "PolicyDocument": document},
    }


def _key(site: Site) -> dict[str, Any]:
    return {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Condition": "MadeKey",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "Description": "Fruits!: disks of clusters",
                "EnableKeyRotation": True,
                "KeyPolicy": policies.key_policy(site),
                "Tags": _tags(policies.TAGS),
            },
        },
        "KeyAlias": {
            "Type": "AWS::KMS::Alias",
            "Condition": "MadeKey",
            "Properties": {"AliasName": site.key_alias, "TargetKeyId": {"Ref": "Key"}},
        },
    }


def _roles(site: Site) -> dict[str, Any]:
    roles = {
        f"{role.capitalize()}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": site.role(role),
                "AssumeRolePolicyDocument": policies.trust(site, role),
                "Policies": [{"PolicyName": INLINE, "PolicyDocument": policies.role_policy(site, role)}],
                "Tags": _tags({"project": PROJECT}),
            },
        }
        for role in ROLES
    }
    profile = {"InstanceProfileName": site.role("node"), "Roles": [{"Ref": "NodeRole"}]}
    people = {
        f"{name.rpartition('-')[2].capitalize()}Policy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": name, "PolicyDocument": document},
        }
        for name, document in user_policies(site).items()
    }
    return roles | {"NodeProfile": {"Type": "AWS::IAM::InstanceProfile", "Properties": profile}} | people


def _network(site: Site) -> dict[str, Any]:
    groups = {
        f"{part.capitalize()}Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupName": f"{site.stem}-{part}",
                "GroupDescription": f"Fruits! EMR {part} nodes",
                "VpcId": {"Ref": "Vpc"},
                "Tags": _tags(policies.TAGS),
            },
        }
        for part in ("primary", "core", "access")
    }
    groups["AccessGroup"]["Condition"] = "PrivateSubnet"
    security = _either(
        "WithKms",
        policies.security_configuration(replace(site, encryption="kms")),
        policies.security_configuration(site),
    )
    properties = {"Name": site.security_configuration, "SecurityConfiguration": security}
    return groups | {"Security": {"Type": "AWS::EMR::SecurityConfiguration", "Properties": properties}}


def _either(condition: str, then: Any, otherwise: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what two documents have in common, with Fn::If where they differ."""
    if then == otherwise:
        return then
    if isinstance(then, dict) and isinstance(otherwise, dict) and then.keys() == otherwise.keys():
        return {name: _either(condition, then[name], otherwise[name]) for name in then}
    return _if(condition, then, otherwise)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _sub(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return ``value`` with Fn::Sub around every text that has a parameter in it, and the site's key chosen."""
    if value == KEY:
        return _if("OwnKey", {"Ref": "KmsKey"}, {"Fn::GetAtt": ["Key", "Arn"]})
    if isinstance(value, str):
        return {"Fn::Sub": value} if "${" in value else value
    if isinstance(value, dict):
        return {key: _sub(each) for key, each in value.items()}
    return [_sub(each) for each in value] if isinstance(value, list) else value


def text() -> str:
    """Return the file."""
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign,assignment]
    return HEAD + yaml.dump(template(), Dumper=dumper, sort_keys=False, width=110)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(), encoding="utf-8")
    print(target)
