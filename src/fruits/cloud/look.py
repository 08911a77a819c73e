"""Look at what runs and what ran: active clusters, logs, costs, the way to a notebook."""

from __future__ import annotations

import gzip
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fruits.cloud.aws import Aws, aws_errors
from fruits.cloud.emr import EmrOnEc2
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.serverless import EmrServerless
from fruits.cloud.site import PROJECT, Site
from fruits.cloud.target import Active, ClusterService

HUB_PORT, HISTORY_PORT = 9443, 18080
_LOG_BYTES = 200_000
_TELLING = ("stderr", "stdout", "bootstrap-actions", "controller")


@dataclass(frozen=True)
class Cost:
    """What something that runs has cost so far, from its own tags."""

    active: Active
    hours: float
    eur: float | None


def active(aws: Aws, now: float) -> list[Cost]:
    """Return everything of this project that costs now in the region, on both services."""
    found: list[Active] = []
    services: tuple[ClusterService, ...] = (EmrOnEc2(aws), EmrServerless(aws))
    for service in services:
        found += service.active()
    return [Cost(each, _hours(each, now), _eur(each, now)) for each in found]


def _hours(each: Active, now: float) -> float:
    return max(0.0, now - each.created) / 3600 if each.created else 0.0


def _eur(each: Active, now: float) -> float | None:
    hourly = each.tags.get("hourly", "").partition(" ")[0]
    try:
        return float(hourly) * _hours(each, now)
    except ValueError:
        return None


def service_of(identifier: str, aws: Aws, poll: float = 2.0) -> ClusterService:
    """Return the service that an id belongs to: EMR's clusters begin with ``j-``."""
    return EmrOnEc2(aws) if identifier.startswith("j-") else EmrServerless(aws, poll=poll)


def read_logs(site: Site, aws: Aws, service: ClusterService, identifier: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the end of each log of a job, the most telling last. EMR uploads them every five minutes."""
    client = aws.client("s3")
    for prefix in service.log_prefixes(identifier):
        with aws_errors("reading the logs"):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=site.bucket, Prefix=prefix)
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        chosen = sorted((key for key in keys if _rank(key) is not None), key=lambda key: -(_rank(key) or 0))
        for key in chosen:
            with aws_errors(f"reading s3://{site.bucket}/{key}"):
                content = client.get_object(Bucket=site.bucket, Key=key)["Body"].read()
            text = gzip.decompress(content) if key.endswith(".gz") else content
            yield key, text[-_LOG_BYTES:].decode("utf-8", "replace").rstrip()
        if chosen:
            return


def _rank(key: str) -> int | None:
    return next((rank for rank, word in enumerate(_TELLING) if word in key), None)


def tunnel_command(aws: Aws, identifier: str, *, ssh_key: str | None = None) -> list[str]:
    """Return the commands that bring JupyterHub and the Spark history of a cluster to this machine.

    Raises:
        UsageError: there is no primary, or no JupyterHub on it.
    """
    service = EmrOnEc2(aws)
    primary, installed = service.primary(identifier), service.applications(identifier)
    if not any(name.lower().startswith("jupyter") for name in installed):
        raise UsageError(f"{identifier} has no JupyterHub; start one with: fruits cloud create --notebook")
    hub = "JupyterHub" in installed
    ports = [*([HUB_PORT] if hub else []), HISTORY_PORT]
    if ssh_key is not None:
        forwards = [word for port in ports for word in ("-L", f"{port}:localhost:{port}")]
        address = primary.get("PublicDnsName") or primary.get("PrivateDnsName", "")
        return [shlex.join(["ssh", "-i", ssh_key, "-N", *forwards, f"hadoop@{address}"])]
    return [
        shlex.join(
            [
                *["aws", "ssm", "start-session", "--region", aws.region, "--target", primary["Ec2InstanceId"]],
                *["--document-name", "AWS-StartPortForwardingSession"],
                *["--parameters", f'{{"portNumber":["{port}"],"localPortNumber":["{port}"]}}'],
            ]
        )
        for port in ports
    ]


def billed(aws: Aws, days: int, today: datetime | None = None) -> dict[str, float]:
    """Return what Cost Explorer says each run cost, in dollars, by the tag ``run``; a call costs 0.01 USD.

    Raises:
        CloudError: it may not be asked, or the tag is no cost allocation tag.
    """
    end = (today or datetime.now(UTC)).date() + timedelta(days=1)
    with aws_errors("asking Cost Explorer"):
        answer: dict[str, Any] = aws.client("ce", "us-east-1").get_cost_and_usage(
            TimePeriod={"Start": (end - timedelta(days=days)).isoformat(), "End": end.isoformat()},
            Granularity="MONTHLY",
            Metrics=["UnblendedCost"],
            Filter={"Tags": {"Key": "project", "Values": [PROJECT]}},
            GroupBy=[{"Type": "TAG", "Key": "run"}],
        )
    totals: dict[str, float] = {}
    for period in answer["ResultsByTime"]:
        for group in period.get("Groups", []):
            name = group["Keys"][0].partition("$")[2] or "(no run)"
            totals[name] = totals.get(name, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    if not totals:
        raise CloudError(
            "Cost Explorer knows no costs with the tag project=fruits; activate the tags `project` and `run` under"
            " Billing, Cost allocation tags, and wait a day"
        )
    return totals
