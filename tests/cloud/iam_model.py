"""What AWS would ask IAM for each call of boto3, and whether policies allow it: enough of IAM for our own documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

ACCOUNT = "123456789012"
_PREFIXES = {"emr": "elasticmapreduce", "service-quotas": "servicequotas"}
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}
_FREE = {"sts:GetCallerIdentity"}  # AWS asks nobody


@dataclass(frozen=True)
class Asked:
    """An action on a resource (``*`` where AWS knows none), with the tag ``project`` that the request carries."""

    action: str
    resource: str
    tag: str = ""


def asked(service: str, operation: str, parameters: dict, region: str) -> Iterator[Asked]:
    """Yield what IAM is asked for one call: of the thing itself, of its tags, of the roles that it passes on."""
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    action = _ACTIONS.get(action, action)
    if action in _FREE:
        return
    tags = parameters.get("Tags", parameters.get("tags", {}))
    if isinstance(tags, list):
        tags = {tag["Key"]: tag["Value"] for tag in tags if "Key" in tag}  # KMS says TagKey
    tag = tags.get("project", "")
    for resource in _resources(service, operation, parameters, region):
        yield Asked(action, resource, tag)
    if tags and service in ("emr", "emr-serverless"):
        kind, name = (
            ("elasticmapreduce:AddTags", "cluster/new")
            if service == "emr"
            else ("emr-serverless:TagResource", "/applications/new")
        )
        yield Asked(kind, f"arn:aws:{kind.partition(':')[0]}:{region}:{ACCOUNT}:{name}", tag)
    for role in _passed(parameters):
        yield Asked("iam:PassRole", role if role.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{role}")


def _passed(parameters: dict) -> list[str]:
    target = parameters.get("Target", {})
    roles = [parameters.get(name) for name in ("ServiceRole", "JobFlowRole", "executionRoleArn")]
    return [role for role in (*roles, target.get("RoleArn")) if role]


def _resources(service: str, operation: str, parameters: dict, region: str) -> list[str]:
    here = f"{region}:{ACCOUNT}"
    if service == "s3":
        key = parameters.get("Key")
        return [f"arn:aws:s3:::{parameters['Bucket']}{f'/{key}' if key else ''}"]
    if service == "iam":
        names = (("RoleName", "role"), ("InstanceProfileName", "instance-profile"))
        found = [f"arn:aws:iam::{ACCOUNT}:{kind}/{parameters[name]}" for name, kind in names if name in parameters]
        return found or [parameters.get("PolicyArn", "*")]
    if service == "glue":
        database = parameters.get("DatabaseName") or parameters["DatabaseInput"]["Name"]
        table = parameters.get("TableInput", {}).get("Name")
        below = [f"database/{database}", *([f"table/{database}/{table}"] if table else [])]
        return [f"arn:aws:glue:{here}:{name}" for name in ("catalog", *below)]
    if service == "scheduler":
        return [f"arn:aws:scheduler:{here}:schedule/default/{parameters['Name']}"]
    if service == "kms":
        return [parameters.get("KeyId", "*")]
    if service == "service-quotas":
        return [f"arn:aws:servicequotas:{here}:ec2/{parameters['QuotaCode']}"]
    if service == "emr":
        ids = [parameters.get(name) for name in ("ClusterId", "JobFlowId")] + parameters.get("JobFlowIds", [])
        clusters = ["new"] if operation == "RunJobFlow" else [each for each in ids if each]
        return [f"arn:aws:elasticmapreduce:{here}:cluster/{each}" for each in clusters] or ["*"]
    if service == "emr-serverless" and "applicationId" in parameters:
        return [f"arn:aws:emr-serverless:{here}:/applications/{parameters['applicationId']}"]
    return ["*"]


def allows(documents: list[dict], what: Asked) -> bool:
    """Whether a statement allows it. Tags of the request are compared; what exists is taken to be ours."""
    return any(_fits(statement, what) for document in documents for statement in document["Statement"])


def _fits(statement: dict, what: Asked) -> bool:
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    if what.action not in statement["Action"] or not any(fnmatchcase(what.resource, each) for each in resources):
        return False
    for key, wanted in statement.get("Condition", {}).get("StringEquals", {}).items():
        if key.endswith("RequestTag/project") and what.tag != wanted:
            return False
        if key.endswith("ResourceTag/project") and what.resource.endswith("/new"):
            return False  # what is about to be made bears no tag yet
    return True
