"""What a person may do: every command but `setup`.

Two policies, for IAM allows one 6,144 characters: whoever only counts, plans and reads results needs the first.
"""

from __future__ import annotations

from fruits.cloud.site import PREFIX, PROJECT, Site, split_uri
from fruits.cloud.statements import Document, allow, document, objects


def user_policies(site: Site) -> dict[str, Document]:
    """Return what a person needs for every command but `setup`: policies by their names, to attach both."""
    return {f"{site.user_policy}-data": _data(site), f"{site.user_policy}-clusters": _clusters(site)}


def _data(site: Site) -> Document:
    """Return what is done with data, and what `plan` and `verify` ask of everything but clusters."""
    s3 = f"arn:{site.partition}:s3:::"
    images = [split_uri(uri) for uri in site.images]
    results_bucket, results = split_uri(site.results)
    buckets = sorted({site.bucket, site.log_bucket, results_bucket, *(bucket for bucket, _ in images)})
    return document(
        allow("ListBuckets", ["s3:ListBucket", "s3:GetBucketLocation"], [f"{s3}{bucket}" for bucket in buckets]),
        allow("ReadImages", ["s3:GetObject"], [objects(s3, bucket, prefix) for bucket, prefix in images]),
        allow(
            "OwnObjects",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [f"{s3}{site.bucket}/{PREFIX}*", objects(s3, results_bucket, results)],
        ),
        allow(
            "ReadBucketSettings",
            [
                "s3:GetBucketLogging",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
            ],
            [f"{s3}{site.bucket}", f"{s3}{site.log_bucket}"],
        ),
        *([allow("UseKey", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], site.key)] if site.key else []),
        allow(
            "ReadOurRoles",
            ["iam:GetInstanceProfile", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy"],
            [
                f"arn:{site.partition}:iam::{site.account}:role/{site.stem}-*",
                f"arn:{site.partition}:iam::{site.account}:instance-profile/{site.stem}-*",
                f"arn:{site.partition}:iam::{site.account}:policy/{site.user_policy}-*",
            ],
        ),
        allow(
            "Tables",
            ["glue:CreateDatabase", "glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"],
            [
                site.arn("glue", "catalog"),
                site.arn("glue", f"database/{site.database}"),
                site.arn("glue", f"table/{site.database}/*"),
            ],
        ),
        allow("DescribeNetwork", [f"ec2:Describe{name}" for name in _NETWORK], "*"),
        allow("Quotas", ["servicequotas:GetServiceQuota"], site.arn("servicequotas", "ec2/*")),
        allow("Prices", ["ce:GetCostAndUsage", "pricing:GetProducts"], "*"),
    )


def _clusters(site: Site) -> Document:
    """Return what starts, watches and ends clusters and jobs."""
    ours = {"StringEquals": {"elasticmapreduce:ResourceTag/project": PROJECT}}
    return document(
        allow(
            "StartClusters",
            ["elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags"],
            site.arn("elasticmapreduce", "cluster/*"),
            {"StringEquals": {"elasticmapreduce:RequestTag/project": PROJECT}},
        ),
        allow(
            "UseOurClusters",
            [f"elasticmapreduce:{name}" for name in _CLUSTER_ACTIONS],
            site.arn("elasticmapreduce", "cluster/*"),
            ours,
        ),
        allow("ListEmr", [f"elasticmapreduce:{name}" for name in _LIST_ACTIONS], "*"),
        allow(
            "PassOurRoles",
            ["iam:PassRole"],
            [site.role_arn(role) for role in ("service", "node", "serverless", "scheduler")],
            {
                "StringEquals": {
                    "iam:PassedToService": [
                        "ec2.amazonaws.com",
                        "elasticmapreduce.amazonaws.com",
                        "emr-serverless.amazonaws.com",
                        "scheduler.amazonaws.com",
                    ]
                }
            },
        ),
        allow(
            "HardStop",
            ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule"],
            site.arn("scheduler", f"schedule/default/{PROJECT}-*"),
        ),
        allow("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole"], *_service_linked(site)),
        allow("ListServerless", ["emr-serverless:ListApplications"], "*"),
        allow(
            "CreateServerless",
            ["emr-serverless:CreateApplication"],
            "*",
            {"StringEquals": {"aws:RequestTag/project": PROJECT}},
        ),
        allow(
            "TagServerless",
            ["emr-serverless:TagResource"],
            site.arn("emr-serverless", "/applications/*"),
            {"StringEquals": {"aws:RequestTag/project": PROJECT}},
        ),
        allow(
            "UseOurApplications",
            [f"emr-serverless:{name}" for name in _SERVERLESS_ACTIONS],
            site.arn("emr-serverless", "/applications/*"),
            {"StringEquals": {"aws:ResourceTag/project": PROJECT}},
        ),
        allow(
            "Tunnel",
            ["ssm:StartSession"],
            site.arn("ec2", "instance/*"),
            {"StringEquals": {"aws:ResourceTag/project": PROJECT}},
        ),
        allow(
            "TunnelDocument",
            ["ssm:StartSession"],
            f"arn:{site.partition}:ssm:{site.region}::document/AWS-StartPortForwardingSession",
        ),
    )


# The first cluster and the first application of an account have AWS make these roles, in the caller's name.
_SERVICE_LINKED = {
    "elasticmapreduce.amazonaws.com": "AWSServiceRoleForEMRCleanup",
    "ops.emr-serverless.amazonaws.com": "AWSServiceRoleForAmazonEMRServerless",
}


def _service_linked(site: Site) -> tuple[list[str], Document]:
    roles = f"arn:{site.partition}:iam::{site.account}:role/aws-service-role"
    arns = [f"{roles}/{service}/{name}" for service, name in _SERVICE_LINKED.items()]
    return arns, {"StringEquals": {"iam:AWSServiceName": sorted(_SERVICE_LINKED)}}


_NETWORK = ("SecurityGroups", "Subnets", "VpcEndpoints", "Vpcs")
_CLUSTER_ACTIONS = (
    "AddJobFlowSteps",
    "CancelSteps",
    "DescribeCluster",
    "DescribeStep",
    "ListInstanceGroups",
    "ListInstances",
    "ListSteps",
    "PutAutoTerminationPolicy",
    "TerminateJobFlows",
)
_LIST_ACTIONS = (
    "DescribeSecurityConfiguration",
    "GetBlockPublicAccessConfiguration",
    "ListClusters",
    "ListReleaseLabels",
)
_SERVERLESS_ACTIONS = (
    "CancelJobRun",
    "DeleteApplication",
    "GetApplication",
    "GetJobRun",
    "ListJobRuns",
    "StartApplication",
    "StartJobRun",
    "StopApplication",
)
