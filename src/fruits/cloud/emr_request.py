"""What is asked of EMR on EC2: the whole RunJobFlow request, and a step."""

from __future__ import annotations

from typing import Any

from fruits.cloud.errors import UsageError
from fruits.cloud.shapes import DISK_GB
from fruits.cloud.target import MARGIN_MINUTES, MOST_IDLE_MINUTES, PYTHON, Order, check_release


def cluster_request(order: Order) -> dict[str, Any]:
    """Return the parameters of RunJobFlow.

    A cluster with a job ends with it, whether it succeeds or fails, without anybody watching; one without a job ends
    when it was idle. Both have a timer on the primary.
    """
    check_release(order.release)
    if not 1 <= order.idle_minutes <= MOST_IDLE_MINUTES:
        raise UsageError(f"--idle must be 1 to {MOST_IDLE_MINUTES} minutes, not {order.idle_minutes}")
    site, waits = order.site, not order.command
    request: dict[str, Any] = {
        "Name": order.name,
        "ReleaseLabel": order.release,
        "LogUri": site.uri("logs/"),
        "Applications": [{"Name": name} for name in _applications(order)],
        "Instances": {
            "InstanceGroups": _groups(order),
            "Ec2SubnetId": site.subnet,
            "EmrManagedMasterSecurityGroup": site.primary_group,
            "EmrManagedSlaveSecurityGroup": site.core_group,
            "KeepJobFlowAliveWhenNoSteps": waits,
            "TerminationProtected": False,
        },
        "BootstrapActions": [
            {
                "Name": "install Fruits!",
                "ScriptBootstrapAction": {
                    "Path": f"{order.package}/bootstrap.sh",
                    "Args": [order.package, order.home, PYTHON, str(int(order.deadline) + 60 * MARGIN_MINUTES)],
                },
            }
        ],
        "Configurations": [
            {
                "Classification": "spark-env",
                "Properties": {},
                "Configurations": [{"Classification": "export", "Properties": _environment(order)}],
            }
        ],
        "SecurityConfiguration": site.security_configuration,
        "ServiceRole": site.role("service"),
        "JobFlowRole": site.role("node"),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(order.tags.items())],
        "VisibleToAllUsers": True,
        "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        "StepConcurrencyLevel": 1,
    }
    if site.private:
        request["Instances"]["ServiceAccessSecurityGroup"] = site.service_group
    if order.key_name:
        request["Instances"]["Ec2KeyName"] = order.key_name
    if order.shape.max_nodes > order.shape.nodes:
        request["ManagedScalingPolicy"] = {"ComputeLimits": _limits(order)}
    if waits:
        request["AutoTerminationPolicy"] = {"IdleTimeout": 60 * order.idle_minutes}
    else:
        request["Steps"] = [step_request(order)]
    return request


def step_request(order: Order, *, terminate: bool = True) -> dict[str, Any]:
    """Return a step that runs ``fruits`` with the order's command through spark-submit."""
    return {
        "Name": order.name,
        "ActionOnFailure": "TERMINATE_CLUSTER" if terminate else "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": submit_command(order)},
    }


def submit_command(order: Order) -> list[str]:
    """Return spark-submit's command line: the driver on the primary, so that what it says is the step's own log."""
    settings = {"spark.pyspark.python": f"{order.home}/bin/python"} | order.settings
    confs = [word for key, value in sorted(settings.items()) for word in ("--conf", f"{key}={value}")]
    return [
        *["spark-submit", "--master", "yarn", "--deploy-mode", "client", "--name", order.name],
        *confs,
        f"{order.home}/job.py",
        *order.command,
    ]


def _applications(order: Order) -> list[str]:
    if not order.notebook:
        return ["Spark"]
    if check_release(order.release) == "4.0":
        return ["Spark", "Livy", "JupyterEnterpriseGateway"]  # this line has no JupyterHub
    return ["Spark", "Livy", "JupyterHub", "JupyterEnterpriseGateway"]


def _groups(order: Order) -> list[dict[str, Any]]:
    shape = order.shape
    core = 1 if shape.spot else shape.nodes
    groups = [_group("MASTER", "primary", order, 1), _group("CORE", "core", order, core)]
    if shape.spot and shape.nodes > 1:
        # Spot nodes go into a task group: when AWS takes them back, the core node keeps HDFS, and the cluster, alive.
        groups.append(_group("TASK", "spot", order, shape.nodes - 1) | {"Market": "SPOT"})
    return groups


def _group(role: str, name: str, order: Order, count: int) -> dict[str, Any]:
    disk = {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": DISK_GB}, "VolumesPerInstance": 1}
    return {
        "InstanceRole": role,
        "Name": name,
        "InstanceType": order.shape.instance,
        "InstanceCount": count,
        "Market": "ON_DEMAND",
        "EbsConfiguration": {"EbsBlockDeviceConfigs": [disk], "EbsOptimized": True},
    }


def _limits(order: Order) -> dict[str, Any]:
    shape = order.shape
    limits: dict[str, Any] = {
        "UnitType": "Instances",
        "MinimumCapacityUnits": shape.nodes,
        "MaximumCapacityUnits": shape.max_nodes,
    }
    if shape.spot:
        limits |= {"MaximumOnDemandCapacityUnits": 1, "MaximumCoreCapacityUnits": 1}
    return limits


def _environment(order: Order) -> dict[str, str]:
    return {
        "PYSPARK_PYTHON": f"{order.home}/bin/python",
        "AWS_REGION": order.site.region,
        "AWS_DEFAULT_REGION": order.site.region,
        "FRUITS_BACKBONES": f"{order.home}/backbones",
    }
