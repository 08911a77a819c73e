"""EMR on EC2."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from fruits.cloud.aws import THROTTLED, Aws, aws_errors, code_of
from fruits.cloud.emr_request import cluster_request, step_request
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.site import PREFIX, PROJECT
from fruits.cloud.target import Active, Observation, Order, Phase

_ALIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING")
_STEP: dict[str, Phase] = {
    "PENDING": "starting",
    "RUNNING": "running",
    "COMPLETED": "succeeded",
    "CANCEL_PENDING": "stopped",
    "CANCELLED": "stopped",
    "INTERRUPTED": "stopped",
    "FAILED": "failed",
}
_TRIES = 6


class EmrOnEc2:
    """Clusters of machines that are rented by the second."""

    def __init__(self, aws: Aws, patience: float = 1.0) -> None:
        self._aws = aws
        self._patience = patience  # seconds before the first repetition of a refused start

    def start(self, order: Order) -> str:
        """See :meth:`ClusterService.start`.

        RunJobFlow knows no token: sent twice, it starts two clusters. So it is sent once, sent again only when AWS said
        that it refused, and looked for by its name when nobody knows what became of it.
        """
        client, request = self._aws.client("emr", once=True), cluster_request(order)
        for attempt in range(_TRIES):
            try:
                with aws_errors("starting the cluster"):
                    return str(client.run_job_flow(**request)["JobFlowId"])
            except CloudError as error:
                if _is_certain(error) and code_of(error.__cause__) not in THROTTLED:
                    raise
                if attempt == _TRIES - 1:
                    raise
                time.sleep(self._patience * 2**attempt)
                if found := self.find(order.run):
                    return found
        raise AssertionError("unreachable")

    def find(self, run: str) -> str | None:
        """See :meth:`ClusterService.find`."""
        with aws_errors("looking for the cluster"):
            for page in self._client.get_paginator("list_clusters").paginate(CreatedAfter=_day_of(run)):
                for cluster in page["Clusters"]:
                    if cluster["Name"] == f"fruits-{run}":
                        return str(cluster["Id"])
        return None

    def submit(self, cluster: str, order: Order) -> str:
        """Add a step to a cluster that waits, once; returns the step's id."""
        with aws_errors(f"submitting to {cluster}"):
            for page in self._client.get_paginator("list_steps").paginate(ClusterId=cluster):
                for step in page["Steps"]:
                    if step["Name"] == order.name:
                        return str(step["Id"])
            steps = [step_request(order, terminate=False)]
            return str(
                self._aws.client("emr", once=True).add_job_flow_steps(JobFlowId=cluster, Steps=steps)["StepIds"][0]
            )

    def observe(self, identifier: str, step: str = "") -> Observation:
        """See :meth:`ClusterService.observe`; of one step, if named, else of the cluster's last."""
        with aws_errors(f"watching {identifier}"):
            cluster = self._describe(identifier)
            steps = self._client.list_steps(ClusterId=identifier, **({"StepIds": [step]} if step else {}))["Steps"]
        status = cluster["Status"]
        state, why = status["State"], status.get("StateChangeReason", {})
        created, ended = (_seconds(status.get("Timeline", {}), name) for name in ("CreationDateTime", "EndDateTime"))
        alive = state in _ALIVE
        phase, reason = _phase_of_cluster(state, why.get("Code", "")), _reason(why)
        detail = state
        if steps:
            last = steps[0]["Status"]
            detail = f"{state}, step {last['State']}"
            of_step = _STEP[last["State"]]
            if of_step in ("succeeded", "failed"):
                phase = of_step
                reason = _failure(last) or reason
            elif alive and state not in ("TERMINATING",):
                phase = of_step if state in ("RUNNING", "WAITING") else "starting"
        return Observation(phase, alive, detail, reason, created, ended)

    def stop(self, identifier: str) -> None:
        """See :meth:`ClusterService.stop`."""
        with aws_errors(f"terminating {identifier}"):
            self._client.terminate_job_flows(JobFlowIds=[identifier])

    def active(self) -> list[Active]:
        """See :meth:`ClusterService.active`."""
        found = []
        with aws_errors("listing clusters"):
            for page in self._client.get_paginator("list_clusters").paginate(ClusterStates=list(_ALIVE)):
                for item in page["Clusters"]:
                    cluster = self._describe(item["Id"])
                    tags = {tag["Key"]: tag["Value"] for tag in cluster.get("Tags", [])}
                    if tags.get("project") == PROJECT:
                        created = _seconds(cluster["Status"].get("Timeline", {}), "CreationDateTime")
                        found.append(Active(cluster["Id"], cluster["Status"]["State"], created, tags))
        return found

    def log_prefixes(self, identifier: str) -> list[str]:
        """See :meth:`ClusterService.log_prefixes`."""
        return [f"{PREFIX}logs/{identifier}/{part}/" for part in ("steps", "node")]

    def primary(self, identifier: str) -> dict[str, Any]:
        """Return the primary node, as ListInstances says it.

        Raises:
            UsageError: the cluster has none (any more).
        """
        with aws_errors(f"looking for the primary of {identifier}"):
            answer = self._client.list_instances(
                ClusterId=identifier, InstanceGroupTypes=["MASTER"], InstanceStates=["RUNNING"]
            )
        if not answer["Instances"]:
            raise UsageError(f"{identifier} has no running primary; `fruits cloud list` shows what runs")
        first: dict[str, Any] = answer["Instances"][0]
        return first

    def applications(self, identifier: str) -> list[str]:
        """Return the names of what is installed on a cluster."""
        with aws_errors(f"describing {identifier}"):
            return [each["Name"] for each in self._describe(identifier).get("Applications", [])]

    def _describe(self, identifier: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.describe_cluster(ClusterId=identifier)["Cluster"]
        return answer

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3's own
        return self._aws.client("emr")


def _day_of(run: str) -> datetime:
    """Return the day before a run's id was made: an account's older clusters need not be listed."""
    return datetime.strptime(run[:8], "%Y%m%d").replace(tzinfo=UTC) - timedelta(days=1)


def _is_certain(error: CloudError) -> bool:
    """Whether AWS itself said no: then nothing was started. A broken connection or a 5xx says nothing."""
    response = getattr(error.__cause__, "response", None)
    return response is not None and int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500


def _phase_of_cluster(state: str, code: str) -> Phase:
    if state in ("STARTING", "BOOTSTRAPPING"):
        return "starting"
    if state in ("RUNNING", "WAITING"):
        return "running"
    if state == "TERMINATED_WITH_ERRORS" or code in ("BOOTSTRAP_FAILURE", "INSTANCE_FAILURE", "INTERNAL_ERROR"):
        return "failed"
    return "succeeded" if code == "ALL_STEPS_COMPLETED" else "stopped"


def _reason(why: dict[str, str]) -> str:
    return ": ".join(part for part in (why.get("Code", ""), why.get("Message", "")) if part)


def _failure(status: dict[str, Any]) -> str:
    details = status.get("FailureDetails", {})
    return ": ".join(part for part in (details.get("Reason", ""), details.get("Message", "")) if part)


def _seconds(timeline: dict[str, Any], name: str) -> float:
    moment = timeline.get(name)
    return moment.timestamp() if isinstance(moment, datetime) else 0.0
