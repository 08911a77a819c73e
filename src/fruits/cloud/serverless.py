"""EMR Serverless: an application a run, with a ceiling; it costs nothing while no job runs."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from typing import Any

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.errors import CloudError
from fruits.cloud.package import ARCHIVE
from fruits.cloud.shapes import WORKER_DISK_GB, WORKER_GB, WORKER_VCPUS
from fruits.cloud.site import PREFIX, PROJECT
from fruits.cloud.target import PYTHON, Active, Observation, Order, Phase, check_release

LEAST_MINUTES = 5  # the API's own limits for executionTimeoutMinutes
IDLE_MINUTES = 5
_STATES: dict[str, Phase] = {
    "SUBMITTED": "starting",
    "PENDING": "starting",
    "SCHEDULED": "starting",
    "QUEUED": "starting",
    "RUNNING": "running",
    "SUCCESS": "succeeded",
    "FAILED": "failed",
    "CANCELLING": "stopped",
    "CANCELLED": "stopped",
}
_ENDED = ("SUCCESS", "FAILED", "CANCELLED")
_GONE = ("TERMINATED",)


class EmrServerless:
    """Applications of EMR Serverless; an id is ``application/job``."""

    def __init__(self, aws: Aws, poll: float = 2.0, patience: float = 300.0) -> None:
        self._aws, self._poll, self._patience = aws, poll, patience

    def start(self, order: Order) -> str:
        """See :meth:`ClusterService.start`. Both calls carry a token made of the run, so repeating them is harmless."""
        check_release(order.release)
        application = self.application(order.run)
        with aws_errors("creating the application"):
            if application is None:
                application = str(self._client.create_application(**_application(order))["applicationId"])
        self._wait_for(application, ("CREATED", "STARTED"))
        with aws_errors("starting the job"):
            job = self._client.start_job_run(**_job(order, application))["jobRunId"]
        return f"{application}/{job}"

    def find(self, run: str) -> str | None:
        """See :meth:`ClusterService.find`."""
        application = self.application(run)
        if application is None:
            return None
        with aws_errors("looking for the job"):
            jobs = self._client.list_job_runs(applicationId=application)["jobRuns"]
        return f"{application}/{jobs[0]['id']}" if jobs else None

    def observe(self, identifier: str) -> Observation:
        """See :meth:`ClusterService.observe`."""
        application, job = identifier.split("/")
        with aws_errors(f"watching {identifier}"):
            answer = self._client.get_job_run(applicationId=application, jobRunId=job)["jobRun"]
        state = answer["state"]
        alive = state not in _ENDED
        ended = 0.0 if alive else _seconds(answer.get("endedAt") or answer.get("updatedAt"))
        reason = answer.get("stateDetails", "") if _STATES[state] in ("failed", "stopped") else ""
        return Observation(_STATES[state], alive, state, reason, _seconds(answer["createdAt"]), ended)

    def stop(self, identifier: str) -> None:
        """See :meth:`ClusterService.stop`: the job is cancelled, the application stopped and deleted."""
        application, _, job = identifier.partition("/")
        if job and self.observe(identifier).alive:
            with aws_errors(f"cancelling {identifier}"):
                self._client.cancel_job_run(applicationId=application, jobRunId=job)
            self._until(lambda: not self.observe(identifier).alive, f"{identifier} to be cancelled")
        self._wait_for(application, ("CREATED", "STARTED", "STOPPED"))  # in between, AWS refuses to stop it
        state = self._state(application)
        if state in _GONE:
            return
        if state == "STARTED":
            with aws_errors(f"stopping {application}"):
                self._client.stop_application(applicationId=application)
            self._wait_for(application, ("STOPPED",))
        with aws_errors(f"deleting {application}"):
            self._client.delete_application(applicationId=application)

    def active(self) -> list[Active]:
        """See :meth:`ClusterService.active`: applications that are started, or have a job that goes on."""
        found = []
        with aws_errors("listing applications"):
            pages = self._client.get_paginator("list_applications").paginate()
            for item in (item for page in pages for item in page["applications"]):
                if item["state"] in _GONE or not item.get("name", "").startswith(f"{PROJECT}-"):
                    continue
                tags = self._client.get_application(applicationId=item["id"])["application"].get("tags", {})
                if tags.get("project") != PROJECT:
                    continue
                jobs = self._client.list_job_runs(applicationId=item["id"])["jobRuns"]
                name = f"{item['id']}/{jobs[0]['id']}" if jobs else item["id"]
                created = _seconds(item["createdAt"])
                found.append(Active(name, jobs[0]["state"] if jobs else item["state"], created, tags))
        return found

    def log_prefixes(self, identifier: str) -> list[str]:
        """See :meth:`ClusterService.log_prefixes`."""
        application, _, job = identifier.partition("/")
        return [f"{PREFIX}logs/applications/{application}/jobs/{job}/{part}/" for part in ("SPARK_DRIVER", "")]

    def billed_usd(self, identifier: str, rate: dict[str, float]) -> float | None:
        """Return what AWS says it bills for a job that ended, in dollars; None while it does not say."""
        application, _, job = identifier.partition("/")
        with aws_errors(f"asking what {identifier} used"):
            answer = self._client.get_job_run(applicationId=application, jobRunId=job)["jobRun"]
        billed = answer.get("billedResourceUtilization")
        if not billed:
            return None
        return float(billed.get("vCPUHour", 0) * rate["vcpu"] + billed.get("memoryGBHour", 0) * rate["gb"])

    def application(self, run: str) -> str | None:
        """Return the id of a run's application, which is there before its job, and stays when that is refused."""
        with aws_errors("looking for the application"):
            for page in self._client.get_paginator("list_applications").paginate():
                for item in page["applications"]:
                    if item.get("name") == f"{PROJECT}-{run}" and item["state"] not in _GONE:
                        return str(item["id"])
        return None

    def _state(self, application: str) -> str:
        try:
            with aws_errors(f"looking at {application}"):
                return str(self._client.get_application(applicationId=application)["application"]["state"])
        except CloudError as error:
            if code_of(error.__cause__) == "ResourceNotFoundException":
                return _GONE[0]
            raise

    def _wait_for(self, application: str, states: tuple[str, ...]) -> None:
        self._until(lambda: self._state(application) in (*states, *_GONE), f"{application} to be {states[0].lower()}")

    def _until(self, condition: Any, what: str) -> None:  # noqa: ANN401 - a callable
        end = time.monotonic() + self._patience
        while not condition():
            if time.monotonic() > end:
                raise CloudError(f"waited {self._patience:.0f} s for {what}; look at `fruits cloud list`")
            time.sleep(self._poll)

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3's own
        return self._aws.client("emr-serverless")


def _application(order: Order) -> dict[str, Any]:
    workers = order.shape.ceiling + 1
    return {
        "name": order.name,
        "releaseLabel": order.release,
        "type": "SPARK",
        "clientToken": _token(order.run, "application"),
        "architecture": "ARM64" if order.architecture == "arm64" else "X86_64",
        "maximumCapacity": {
            "cpu": f"{workers * WORKER_VCPUS} vCPU",
            "memory": f"{workers * WORKER_GB} GB",
            "disk": f"{workers * WORKER_DISK_GB} GB",
        },
        "autoStartConfiguration": {"enabled": True},
        "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": IDLE_MINUTES},
        "tags": order.tags,
    }


def _job(order: Order, application: str) -> dict[str, Any]:
    driver, executor = "spark.emr-serverless.driverEnv", "spark.executorEnv"
    environment = {
        "PYSPARK_PYTHON": f"/usr/bin/{PYTHON}",
        "PYTHONPATH": "./environment",
        "AWS_REGION": order.site.region,
        "AWS_DEFAULT_REGION": order.site.region,
        "FRUITS_BACKBONES": "./environment/backbones",
    }
    settings = {
        "spark.archives": f"{order.package}/{ARCHIVE}#environment",
        "spark.driver.cores": str(WORKER_VCPUS),
        "spark.driver.memory": "4g",
        "spark.driver.memoryOverhead": "8g",
        **{f"{place}.{name}": value for place in (driver, executor) for name, value in environment.items()},
        f"{driver}.PYSPARK_DRIVER_PYTHON": environment["PYSPARK_PYTHON"],
        **order.settings,
    }
    return {
        "applicationId": application,
        "clientToken": _token(order.run, "job"),
        "executionRoleArn": order.site.role_arn("serverless"),
        "name": order.name,
        "executionTimeoutMinutes": max(LEAST_MINUTES, order.minutes),
        "jobDriver": {
            "sparkSubmit": {
                "entryPoint": f"{order.package}/job.py",
                "entryPointArguments": list(order.command),
                "sparkSubmitParameters": " ".join(f"--conf {key}={settings[key]}" for key in sorted(settings)),
            }
        },
        "configurationOverrides": {
            "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": order.site.uri("logs/")}}
        },
        "tags": order.tags,
    }


def _token(run: str, what: str) -> str:
    return hashlib.sha256(f"{run} {what}".encode()).hexdigest()[:32]


def _seconds(moment: Any) -> float:  # noqa: ANN401 - boto3's own
    return moment.timestamp() if isinstance(moment, datetime) else 0.0
