"""The hard stop: EventBridge Scheduler terminates the cluster when its budget ends, whoever is watching or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.errors import CloudError
from fruits.cloud.site import Site


def schedule_stop(site: Site, aws: Aws, run: str, cluster: str, deadline: float) -> None:
    """Have the cluster terminated at ``deadline`` (seconds since 1970); asking again for the same run is harmless."""
    try:
        with aws_errors("scheduling the hard stop"):
            aws.client("scheduler").create_schedule(**stop_request(site, run, cluster, deadline))
    except CloudError as error:
        if _code(error) != "ConflictException":
            raise


def stop_request(site: Site, run: str, cluster: str, deadline: float) -> dict[str, Any]:
    """Return the parameters of CreateSchedule: once, then gone; tried again for a quarter of an hour if EMR is busy."""
    moment = datetime.fromtimestamp(deadline, UTC)
    return {
        "Name": _name(run),
        "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "ClientToken": run,
        "Description": f"Fruits!: the budget of {run} ends; terminate {cluster}",
        "Target": {
            "Arn": f"arn:{site.partition}:scheduler:::aws-sdk:emr:terminateJobFlows",
            "RoleArn": site.role_arn("scheduler"),
            "Input": json.dumps({"JobFlowIds": [cluster]}),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10},
        },
    }


def unschedule(aws: Aws, run: str) -> None:
    """Forget the hard stop of a cluster that has ended; one that is gone already is fine."""
    try:
        with aws_errors("removing the hard stop"):
            aws.client("scheduler").delete_schedule(Name=_name(run))
    except CloudError as error:
        if _code(error) != "ResourceNotFoundException":
            raise


def _name(run: str) -> str:
    return f"fruits-{run}"


def _code(error: CloudError) -> str:
    return code_of(error.__cause__)
