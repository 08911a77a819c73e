"""Who may do what: the documents of every role and of the bucket, made for one site.

``WILDCARDS`` lists every statement whose resource is ``*``, with its actions and why AWS leaves no choice; a test reads
the documents and fails on any other.
"""

from __future__ import annotations

from typing import NamedTuple

from fruits.cloud.service_policy import service_policy
from fruits.cloud.site import EMR_TAG, PREFIX, PROJECT, Role, Site, split_uri
from fruits.cloud.statements import Document, allow, document, objects

MARK = "FruitsSetup"  # names of our statements in a bucket's policy begin so; its owner's others do not


class Wildcard(NamedTuple):
    """What a statement with the resource ``*`` may hold (patterns of actions), and why."""

    actions: tuple[str, ...]
    why: str


WILDCARDS = {
    "DescribeNetwork": Wildcard(("ec2:Describe*",), "EC2's Describe calls take no resource"),
    "SessionManagerAgent": Wildcard(
        ("ssm:UpdateInstanceInformation", "ssmmessages:Create*Channel", "ssmmessages:Open*Channel"),
        "the SSM agent's calls take no resource (ssmmessages) or one it does not know yet",
    ),
    "ListEmr": Wildcard(
        (
            "elasticmapreduce:DescribeSecurityConfiguration",
            "elasticmapreduce:GetBlockPublicAccessConfiguration",
            "elasticmapreduce:List*",
        ),
        "EMR's List calls, release labels, security configurations and block-public-access take no resource",
    ),
    "ListServerless": Wildcard(("emr-serverless:ListApplications",), "listing applications takes no resource"),
    "CreateServerless": Wildcard(
        ("emr-serverless:CreateApplication",), "what is not made yet has no name; the condition holds it by its tag"
    ),
    "Prices": Wildcard(
        ("ce:GetCostAndUsage", "pricing:GetProducts"), "the Pricing API and Cost Explorer know no resources"
    ),
    "KeyOfThisSite": Wildcard(("kms:*",), "in a key's own policy the resource * is the key itself"),
}


def trust(site: Site, role: Role) -> Document:
    """Return who may take a role on: one AWS service, on behalf of this account only."""
    service = {
        "service": "elasticmapreduce.amazonaws.com",
        "node": "ec2.amazonaws.com",
        "serverless": "emr-serverless.amazonaws.com",
        "scheduler": "scheduler.amazonaws.com",
    }[role]
    statement: Document = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if role == "node":  # EC2 passes no account: the instance profile is held by iam:PassRole
        return document(statement)
    condition: Document = {"StringEquals": {"aws:SourceAccount": site.account}}
    arns = {
        "service": site.arn("elasticmapreduce", "*"),
        "serverless": site.arn("emr-serverless", "/applications/*"),
        "scheduler": site.arn("scheduler", "schedule-group/default"),
    }
    condition["ArnLike"] = {"aws:SourceArn": arns[role]}
    return document(statement | {"Condition": condition})


def role_policy(site: Site, role: Role) -> Document:
    """Return what a role may do."""
    if role == "service":
        return document(*service_policy(site))
    if role == "scheduler":
        return document(
            allow(
                "StopOurClusters",
                ["elasticmapreduce:TerminateJobFlows"],
                site.arn("elasticmapreduce", "cluster/*"),
                {"StringEquals": {"elasticmapreduce:ResourceTag/project": PROJECT}},
            )
        )
    statements = data_statements(site)
    if role == "node":
        statements.append(
            allow(
                "SessionManagerAgent",
                [
                    "ssm:UpdateInstanceInformation",
                    "ssmmessages:CreateControlChannel",
                    "ssmmessages:CreateDataChannel",
                    "ssmmessages:OpenControlChannel",
                    "ssmmessages:OpenDataChannel",
                ],
                "*",
            )
        )
    return document(*statements)


def data_statements(site: Site) -> list[Document]:
    """Return what a cluster may do with data: read images and packages, write results and logs."""
    s3 = f"arn:{site.partition}:s3:::"
    readable = [split_uri(uri) for uri in site.images]
    results_bucket, results = split_uri(site.results)
    packages = [f"{s3}{site.bucket}/{PREFIX}{name}/*" for name in ("packages", "certificates")]
    below: dict[str, set[str]] = {}
    for bucket, prefix in [*readable, (results_bucket, results), (site.bucket, PREFIX.rstrip("/"))]:
        below.setdefault(bucket, set()).update([f"{prefix}/*", prefix] if prefix else ["*"])
    statements = [
        allow("ReadImagesAndPackages", ["s3:GetObject"], [*(objects(s3, b, p) for b, p in readable), *packages]),
        allow(
            "WriteResults",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            objects(s3, results_bucket, results),
        ),
        allow("WriteLogs", ["s3:PutObject"], f"{s3}{site.bucket}/{PREFIX}logs/*"),
        allow("FindBuckets", ["s3:GetBucketLocation"], [f"{s3}{bucket}" for bucket in sorted(below)]),
    ]
    for number, (bucket, prefixes) in enumerate(sorted(below.items())):
        condition = None if "*" in prefixes else {"StringLike": {"s3:prefix": sorted(prefixes)}}
        statements.append(allow(f"ListBelow{number}", ["s3:ListBucket"], f"{s3}{bucket}", condition))
    if site.key:
        statements.append(allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], site.key))
    return statements


def bucket_policy(site: Site) -> Document:
    """Return the bucket's own policy: TLS only."""
    return document(_tls_only(site, site.bucket))


def log_bucket_policy(site: Site) -> Document:
    """Return the policy of the bucket for access logs: TLS only, and S3's log delivery may write."""
    s3 = f"arn:{site.partition}:s3:::"
    delivery: Document = {
        "Sid": f"{MARK}AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{s3}{site.log_bucket}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"{s3}{site.bucket}"},
            "StringEquals": {"aws:SourceAccount": site.account},
        },
    }
    return document(_tls_only(site, site.log_bucket), delivery)


def _tls_only(site: Site, bucket: str) -> Document:
    arn = f"arn:{site.partition}:s3:::{bucket}"
    return {
        "Sid": f"{MARK}TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def key_policy(site: Site) -> Document:
    """Return the policy of the site's key: the account's own IAM policies decide, nobody outside it."""
    root = f"arn:{site.partition}:iam::{site.account}:root"
    return document(
        {
            "Sid": "KeyOfThisSite",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": "kms:*",
            "Resource": "*",
        }
    )


def security_configuration(site: Site) -> Document:
    """Return EMR's security configuration: encrypted at rest and in transit, instance metadata v2 only."""
    s3: Document = {"EncryptionMode": "SSE-S3"}
    if site.encryption == "kms":
        s3 = {"EncryptionMode": "SSE-KMS", "AwsKmsKey": site.key}
    return {
        "EncryptionConfiguration": {
            "EnableInTransitEncryption": True,
            "EnableAtRestEncryption": True,
            "InTransitEncryptionConfiguration": {
                "TLSCertificateConfiguration": {
                    "CertificateProviderType": "PEM",
                    "S3Object": site.uri("certificates/in-transit.zip"),
                }
            },
            "AtRestEncryptionConfiguration": {
                "S3EncryptionConfiguration": s3,
                "LocalDiskEncryptionConfiguration": {
                    "EncryptionKeyProviderType": "AwsKms",
                    "AwsKmsKey": site.key,
                    "EnableEbsEncryption": True,
                },
            },
        },
        "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2,
            "HttpPutResponseHopLimit": 1,
        },
    }


TAGS = {"project": PROJECT} | EMR_TAG
