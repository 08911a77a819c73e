"""Who may do what: least privilege, sizes, and that it suffices for what the commands ask."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import pytest
from botocore.client import BaseClient
from cloud_buckets import CHANGING, make_bucket
from cloud_words import BUCKET, PACKAGE, run_words
from iam_model import Asked, allows, asked

from fruits.cloud import policies
from fruits.cloud.aws import Aws
from fruits.cloud.package import Package, upload_package
from fruits.cloud.role_pieces import ROLES, check_sizes
from fruits.cloud.site import Site, load_site
from fruits.cloud.user_policy import user_policies


def documents(site: Site) -> dict[str, dict]:
    """Every policy document that we make."""
    found = {f"{role} trust": policies.trust(site, role) for role in ROLES}
    found |= {f"{role} policy": policies.role_policy(site, role) for role in ROLES}
    found |= user_policies(site)
    return found | {
        "bucket": policies.bucket_policy(site),
        "log bucket": policies.log_bucket_policy(site),
        "key": policies.key_policy(site),
    }


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
    """With the longest name of a bucket, and prefixes as long as S3's longest key, in three buckets: all fit."""
    longest = replace(
        site,
        bucket="b" * 63,
        images=(f"s3://{'i' * 63}/{'i' * 1000}",),
        results=f"s3://{'r' * 63}/{'r' * 1000}",
        region="eu-central-1",
    )
    sizes = {name: len(json.dumps(each, separators=(",", ":"))) for name, each in user_policies(longest).items()}
    assert len(sizes) == 2
    assert max(sizes.values()) <= 6144, sizes
    check_sizes(longest)
    trusts = [len(json.dumps(policies.trust(longest, role), separators=(",", ":"))) for role in ROLES]
    assert max(trusts) <= 2048


def test_places_that_make_a_policy_too_long_are_refused(cloud, world) -> None:
    images = [word for number in range(60) for word in ("--images", f"s3://fruits-many/{'x' * 100}{number}")]
    answer = cloud("setup", "--bucket", "fruits-many", *images)
    assert answer.code == 2
    assert "fruits-fruits-many-user-data would have" in answer.last
    assert "IAM allows 6,144; nothing was changed. Name fewer --images" in answer.last
    assert not [call for call in world.calls() if CHANGING.search(call)]


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
    named = people(site)
    assert {s["Sid"] for s in named if "s3:PutObject" in s["Action"]} == {"OwnObjects"}


def test_people_may_make_what_a_new_account_lacks_and_only_what_bears_the_tag(site: Site) -> None:
    statements = {each["Sid"]: each for each in people(site)}
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


def people(site: Site) -> list[dict]:
    """The statements of both policies for people."""
    return [statement for document in user_policies(site).values() for statement in document["Statement"]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Asked]]:
    """What IAM would be asked for the calls that boto3 sends from now on in this process."""
    noted: list[tuple[str, Asked]] = []
    send = BaseClient._make_api_call

    def note(client: BaseClient, operation: str, parameters: dict):
        service = client.meta.service_model.service_name
        noted.extend((f"{service} {operation}", each) for each in asked(service, operation, parameters, "eu-west-3"))
        return send(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    return noted


def check_allowed(calls: list[tuple[str, Asked]], site: Site, *, needed: set[str]) -> None:
    """All that was asked is allowed; and ``needed`` was, so that the question meant something."""
    documents = list(user_policies(site).values())
    assert sorted({f"{call}: {each}" for call, each in calls if not allows(documents, each)}) == []
    assert needed <= {each.action for _, each in calls}


def test_verify_needs_no_more_than_people_may(cloud, world, calls: list) -> None:
    """Also of a private subnet, a bucket with a key, and images in another bucket."""
    make_bucket("orchard-of-verify", "eu-west-3")
    words = ("--bucket", "fruits-private")
    made = cloud("setup", *words, "--private", "--encryption", "kms", "--images", "s3://orchard-of-verify/photos")
    assert made.code == 0, made.said
    calls.clear()
    answer = cloud("verify", *words)
    assert answer.code == 0, answer.said
    assert "could not be looked at" not in answer.said
    assert "no S3 endpoint in vpc-" in answer.said
    needed = {"ec2:DescribeVpcEndpoints", "kms:DescribeKey", "iam:GetPolicyVersion", "s3:GetLifecycleConfiguration"}
    check_allowed(calls, load_site(Aws("eu-west-3"), "fruits-private"), needed=needed)


def test_every_command_needs_no_more_than_people_may(
    cloud, world, site: Site, calls: list, out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From prices to costs, on both targets; `setup` alone takes an administrator."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    large = tmp_path / "package" / "wheels" / "large.whl"
    large.parent.mkdir(parents=True)
    large.write_bytes(bytes(9 << 20))  # so that it goes up in parts
    upload_package(Package(large.parent.parent, "feed", "x86_64"), site, Aws(site.region))
    images, waiting = f"s3://{BUCKET}/images", ("--bucket", BUCKET, "--budget", "5", "--package", PACKAGE)
    for words in (
        ("prices", "--refresh"),
        ("plan", images, f"{out}-planned"),
        run_words(out),
        [*run_words(f"{out}-serverless"), "--serverless"],
        ("create", *waiting, "--notebook", "--poll", "0.05"),
    ):
        answer = cloud(*words)
        assert answer.code == 0, answer.said
    identifier = re.search(r"(j-\d+) waits", answer.said)[1]
    for words in (
        ("submit", images, f"{out}-submitted", "--cluster", identifier, "--poll", "0.05", "--wait"),
        ("list",),
        ("status", "--bucket", BUCKET, f"{out}-submitted"),
        ("logs", "--bucket", BUCKET, identifier),
        ("download", f"{out}-submitted", "home", "--tables"),
        ("notebook", identifier),
        ("terminate", "--bucket", BUCKET, identifier, "--poll", "0.05"),
        ("costs", "--bucket", BUCKET, "--cost-explorer"),
    ):
        answer = cloud(*words)
        assert answer.code == 0, answer.said
    services = {"elasticmapreduce:RunJobFlow", "emr-serverless:StartJobRun", "scheduler:CreateSchedule"}
    rest = {"glue:UpdateTable", "ce:GetCostAndUsage", "pricing:GetProducts", "iam:PassRole"}
    check_allowed(calls, site, needed=services | rest)
