"""What EMR itself may do in the account: AWS's AmazonEMRServicePolicy_v2, cut to one region, account and network.

Source: AWS managed policy reference, AmazonEMRServicePolicy_v2, version 6. Left out, because nothing here uses it:
placement groups, capacity reservations, custom automatic scaling with its alarms, VPC endpoints.
"""

from __future__ import annotations

from fruits.cloud.site import EMR_TAG, Site
from fruits.cloud.statements import Document, allow

_DESCRIBE = (
    "AccountAttributes",
    "DhcpOptions",
    "Images",
    "Instances",
    "InstanceTypeOfferings",
    "LaunchTemplates",
    "NetworkAcls",
    "NetworkInterfaces",
    "RouteTables",
    "SecurityGroups",
    "Subnets",
    "Volumes",
    "VolumeStatus",
    "VpcAttribute",
    "VpcEndpoints",
    "Vpcs",
)


def service_policy(site: Site) -> list[Document]:
    """Return the statements of EMR's service role."""
    existing = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in EMR_TAG.items()}}
    created = {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in EMR_TAG.items()}}

    def ec2(*kinds: str) -> list[str]:
        return [site.arn("ec2", f"{kind}/*") for kind in kinds]

    subnet = site.arn("ec2", f"subnet/{site.subnet}")
    launch = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:RunInstances"]
    return [
        allow(
            "CreateInTaggedNetwork",
            [*launch, "ec2:CreateNetworkInterface"],
            [subnet, *ec2("security-group")],
            existing,
        ),
        allow(
            "CreateWithTaggedTemplate",
            ["ec2:CreateFleet", "ec2:CreateLaunchTemplateVersion", "ec2:RunInstances"],
            ec2("launch-template"),
            existing,
        ),
        allow("CreateTaggedTemplate", ["ec2:CreateLaunchTemplate"], ec2("launch-template"), created),
        allow(
            "CreateTaggedMachines",
            ["ec2:CreateFleet", "ec2:RunInstances"],
            ec2("fleet", "instance", "volume"),
            created,
        ),
        allow("CreateTaggedInterface", ["ec2:CreateNetworkInterface"], ec2("network-interface"), created),
        allow(
            "LaunchWith",
            launch,
            [
                *ec2("key-pair", "network-interface"),
                f"arn:{site.partition}:ec2:{site.region}::image/ami-*",
            ],
        ),
        allow(
            "ManageTagged",
            [
                "ec2:CreateLaunchTemplateVersion",
                "ec2:DeleteLaunchTemplate",
                "ec2:DeleteNetworkInterface",
                "ec2:ModifyInstanceAttribute",
                "ec2:TerminateInstances",
            ],
            ec2("instance", "launch-template", "network-interface"),
            existing,
        ),
        allow(
            "TagTagged",
            ["ec2:CreateTags", "ec2:DeleteTags"],
            ec2("instance", "launch-template", "network-interface", "volume"),
            existing,
        ),
        allow(
            "TagOnCreation",
            ["ec2:CreateTags"],
            ec2("fleet", "instance", "launch-template", "network-interface", "volume"),
            {
                "StringEquals": {
                    "ec2:CreateAction": [
                        "CreateFleet",
                        "CreateLaunchTemplate",
                        "CreateNetworkInterface",
                        "RunInstances",
                    ]
                }
            },
        ),
        allow("DescribeNetwork", [f"ec2:Describe{name}" for name in _DESCRIBE], "*"),
        allow(
            "RulesOfTaggedGroups",
            [
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
            ],
            ec2("security-group"),
            existing,
        ),
        allow(
            "GiveNodesTheirRole",
            ["iam:PassRole"],
            site.role_arn("node"),
            {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        *(
            [
                allow(
                    "EncryptDisks",
                    ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"],
                    site.key,
                ),
                allow(
                    "GrantDisksTheKey",
                    ["kms:CreateGrant"],
                    site.key,
                    {"Bool": {"kms:GrantIsForAWSResource": "true"}},
                ),
            ]
            if site.key
            else []
        ),
        allow(
            "ReadOwnFiles",
            ["s3:GetObject"],
            [f"arn:{site.partition}:s3:::{site.bucket}/fruits/{name}/*" for name in ("certificates", "packages")],
        ),
    ]
