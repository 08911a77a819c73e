"""EMR on EC2."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from fruits.cloud.aws import ATTEMPTS, Aws, aws_errors, is_unanswered
from fruits.cloud.emr_request import cluster_request, step_request, submit_command
from fruits.cloud.errors import CloudError, ThrottledError, UsageError
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
_UNFINISHED = ("PENDING", "RUNNING")
_MOST_PATIENCE = 20.0  # seconds between two tries
Made = TypeVar("Made")


class EmrOnEc2:
    """Clusters of machines that are rented by the second."""

    def __init__(self, aws: Aws, patience: float = 1.0, delay: float = 60.0) -> None:
        self._aws = aws
        self._patience = patience  # seconds before the first repetition of a call that did not succeed
        self._delay = delay  # seconds until EMR surely lists what it started

    def start(self, order: Order) -> str:
        """See :meth:`ClusterService.start`.

        RunJobFlow knows no token: sent twice, it starts two clusters. So when nobody knows what became of it, the
        cluster is looked for by its name, for as long as EMR may take to list it.
        """
        request = cluster_request(order)
        return self._once(
            "starting the cluster",
            lambda client: str(client.run_job_flow(**request)["JobFlowId"]),
            lambda: self._find_new(order.run),
        )

    def find(self, run: str) -> str | None:
        """See :meth:`ClusterService.find`."""
        with aws_errors("looking for the cluster"):
            for page in self._client.get_paginator("list_clusters").paginate(CreatedAfter=_day_of(run)):
                for cluster in page["Clusters"]:
                    if cluster["Name"] == f"{PROJECT}-{run}":
                        return str(cluster["Id"])
        return None

    def submit(self, cluster: str, order: Order) -> tuple[str, str]:
        """Add a step to a cluster that waits, once; returns its id and its run, which may be an earlier call's."""
        if found := self._step(cluster, order):
            return found
        steps = [step_request(order, terminate=False)]

        def send(client: Any) -> tuple[str, str]:  # noqa: ANN401 - boto3's own
            return str(client.add_job_flow_steps(JobFlowId=cluster, Steps=steps)["StepIds"][0]), order.run

        return self._once(f"submitting to {cluster}", send, lambda: self._step(cluster, order))

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
                    if not item["Name"].startswith(f"{PROJECT}-"):  # others' clusters may not even be described
                        continue
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

    def _once(self, doing: str, send: Callable[[Any], Made], look: Callable[[], Made | None]) -> Made:
        """Send what knows no token: again only when AWS asked for patience, or when ``look`` finds nothing made of it.

        Raises:
            CloudError: AWS refused, or has not answered any try.
        """
        client = self._aws.client("emr", once=True)
        for attempt in range(ATTEMPTS):
            try:
                with aws_errors(doing):
                    return send(client)
            except CloudError as error:
                unanswered = is_unanswered(error)
                if not unanswered and not isinstance(error, ThrottledError):
                    raise
                if unanswered and (made := look()):
                    return made
                if attempt == ATTEMPTS - 1:
                    raise
            time.sleep(min(_MOST_PATIENCE, self._patience * 2**attempt))
        raise AssertionError("unreachable")

    def _find_new(self, run: str) -> str | None:
        end = time.monotonic() + self._delay
        while (found := self.find(run)) is None and time.monotonic() < end:
            time.sleep(self._patience)
        return found

    def _step(self, cluster: str, order: Order) -> tuple[str, str] | None:
        """Return id and run of the step that an order made, or an earlier one that has yet to do the same."""
        arguments = submit_command(order)[-1 - len(order.command) :]  # all before names the run, or Spark's settings
        with aws_errors(f"looking at the steps of {cluster}"):
            for page in self._client.get_paginator("list_steps").paginate(ClusterId=cluster):
                for step in page["Steps"]:
                    same = step["Config"]["Args"][-len(arguments) :] == arguments
                    if step["Name"] == order.name or (same and step["Status"]["State"] in _UNFINISHED):
                        return str(step["Id"]), str(step["Name"]).removeprefix(f"{PROJECT}-")
        return None

    def _describe(self, identifier: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.describe_cluster(ClusterId=identifier)["Cluster"]
        return answer

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3's own
        return self._aws.client("emr")


def _day_of(run: str) -> datetime:
    """Return the day before a run's id was made: an account's older clusters need not be listed."""
    return datetime.strptime(run[:8], "%Y%m%d").replace(tzinfo=UTC) - timedelta(days=1)


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
