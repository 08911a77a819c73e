"""EMR on EC2 as a play: states that pass, steps that really run, failures on request."""

from __future__ import annotations

import itertools
import json
import threading
import time
from pathlib import Path

from played_job import Script, play_job, run_bootstrap


class Refusal(Exception):
    """An error that AWS would answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class PlayedEmr:
    """Operations by AWS's names: parameters in, answer out."""

    def __init__(self, script: Script, work: Path) -> None:
        self._script, self._work = script, work
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.clusters: dict[str, dict] = {}
        self.security: dict[str, str] = {}

    def RunJobFlow(self, request: dict) -> dict:
        if request["SecurityConfiguration"] not in self.security:
            raise Refusal("ValidationException", f"Security configuration {request['SecurityConfiguration']} not found")
        if request.get("Instances", {}).get("KeepJobFlowAliveWhenNoSteps") is False and not request.get("Steps"):
            raise Refusal("ValidationException", "no steps and not kept alive")
        identifier = f"j-{next(self._numbers):013d}"
        with self._lock:
            self.clusters[identifier] = {
                "request": request,
                "state": "STARTING",
                "reason": {},
                "created": time.time(),
                "ended": None,
                "steps": [],
                "stop": threading.Event(),
            }
            for step in request.get("Steps", []):
                self._add_step(identifier, step)
        threading.Thread(target=self._live, args=(identifier,), daemon=True).start()
        return {
            "JobFlowId": identifier,
            "ClusterArn": f"arn:aws:elasticmapreduce:eu-west-3:123456789012:cluster/{identifier}",
        }

    def AddJobFlowSteps(self, request: dict) -> dict:
        self._cluster(request["JobFlowId"])
        return {"StepIds": [self._add_step(request["JobFlowId"], step) for step in request["Steps"]]}

    def DescribeCluster(self, request: dict) -> dict:
        identifier = request["ClusterId"]
        cluster = self._cluster(identifier)
        asked = cluster["request"]
        if {"Key": "project", "Value": "fruits"} not in asked.get("Tags", []):  # as the policy of people has it
            raise Refusal("AccessDeniedException", f"not authorized to perform DescribeCluster on {identifier}")
        return {
            "Cluster": self._summary(identifier, cluster)
            | {
                "Applications": asked["Applications"],
                "Tags": asked["Tags"],
                "ReleaseLabel": asked["ReleaseLabel"],
                "LogUri": asked["LogUri"],
                "TerminationProtected": False,
                "AutoTerminate": not asked["Instances"]["KeepJobFlowAliveWhenNoSteps"],
            }
        }

    def ListClusters(self, request: dict) -> dict:
        """One cluster a page, so that callers must turn pages."""
        wanted, start = request.get("ClusterStates"), int(request.get("Marker", 0))
        listed = time.time() - self._script.get("list_delay", 0)
        with self._lock:
            found = [
                self._summary(identifier, cluster)
                for identifier, cluster in self.clusters.items()
                if (not wanted or cluster["state"] in wanted)
                and request.get("CreatedAfter", 0) <= cluster["created"] <= listed
            ]
        page = {"Clusters": found[start : start + 1]}
        return page | ({"Marker": str(start + 1)} if start + 1 < len(found) else {})

    def ListSteps(self, request: dict) -> dict:
        cluster = self._cluster(request["ClusterId"])
        wanted = request.get("StepIds")
        steps = [step for step in reversed(cluster["steps"]) if not wanted or step["Id"] in wanted]
        return {"Steps": [_step_summary(step) for step in steps]}

    def ListInstances(self, request: dict) -> dict:
        cluster = self._cluster(request["ClusterId"])
        running = cluster["state"] in ("RUNNING", "WAITING")
        instance = {
            "Id": "ci-1",
            "Ec2InstanceId": "i-0123456789abcdef0",
            "PublicDnsName": "ec2-1-2-3-4.eu-west-3.compute.amazonaws.com",
            "PrivateDnsName": "ip-10-0-0-1.eu-west-3.compute.internal",
            "Status": {"State": "RUNNING"},
        }
        return {"Instances": [instance] if running else []}

    def TerminateJobFlows(self, request: dict) -> dict:
        for identifier in request["JobFlowIds"]:
            self._cluster(identifier)
            self.end(identifier, "USER_REQUEST", "Terminated by user request", errors=False)
        return {}

    def ListReleaseLabels(self, request: dict) -> dict:
        labels = ["emr-7.13.0", "emr-7.12.0", "emr-7.1.0", "emr-spark-8.0.0"]
        start = int(request.get("NextToken", 0))
        page = {"ReleaseLabels": labels[start : start + 2]}
        return page | ({"NextToken": str(start + 2)} if start + 2 < len(labels) else {})

    def GetBlockPublicAccessConfiguration(self, request: dict) -> dict:
        blocked = self._script.get("block_public_access", True)
        return {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": blocked,
                "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
            },
            "BlockPublicAccessConfigurationMetadata": {
                "CreationDateTime": 1.7e9,
                "CreatedByArn": "arn:aws:iam::123456789012:root",
            },
        }

    def CreateSecurityConfiguration(self, request: dict) -> dict:
        if request["Name"] in self.security:
            raise Refusal("InvalidRequestException", f"{request['Name']} exists")
        json.loads(request["SecurityConfiguration"])
        self.security[request["Name"]] = request["SecurityConfiguration"]
        return {"Name": request["Name"], "CreationDateTime": time.time()}

    def DescribeSecurityConfiguration(self, request: dict) -> dict:
        if request["Name"] not in self.security:
            raise Refusal(
                "InvalidRequestException", f"Security configuration with name '{request['Name']}' does not exist."
            )
        return {
            "Name": request["Name"],
            "SecurityConfiguration": self.security[request["Name"]],
            "CreationDateTime": 1.7e9,
        }

    def DeleteSecurityConfiguration(self, request: dict) -> dict:
        self.security.pop(request["Name"], None)
        return {}

    def end(self, identifier: str, code: str, message: str, *, errors: bool = True) -> None:
        """Bring a cluster down."""
        with self._lock:
            cluster = self.clusters[identifier]
            if cluster["state"].startswith("TERMINATED"):
                return
            cluster["reason"] = {"Code": code, "Message": message}
            cluster["state"] = "TERMINATING"
            cluster["stop"].set()
            for step in cluster["steps"]:
                if step["Status"]["State"] in ("PENDING", "RUNNING"):
                    step["Status"]["State"] = "CANCELLED"

        def gone() -> None:
            time.sleep(self._script.pause)
            cluster["ended"] = time.time()
            cluster["state"] = "TERMINATED_WITH_ERRORS" if errors else "TERMINATED"

        threading.Thread(target=gone, daemon=True).start()

    def _add_step(self, identifier: str, step: dict) -> str:
        name = f"s-{next(self._numbers):013d}"
        status = {"State": "PENDING", "Timeline": {"CreationDateTime": time.time()}}
        self.clusters[identifier]["steps"].append({"Id": name, "Name": step["Name"], "Status": status, "request": step})
        return name

    def _live(self, identifier: str) -> None:
        cluster = self.clusters[identifier]
        stop: threading.Event = cluster["stop"]
        if stop.wait(self._script.pause):
            return
        if self._script.get("boot") == "no_capacity":
            self.end(identifier, "VALIDATION_ERROR", "The requested instance type m5.xlarge has no capacity here")
            return
        cluster["state"] = "BOOTSTRAPPING"
        said = self._bootstrap(identifier, cluster)
        if said is not None:
            self.end(
                identifier,
                "BOOTSTRAP_FAILURE",
                f"On the primary instance, bootstrap action 1 returned a non-zero return code: {said}",
            )
            return
        while not stop.is_set():
            waiting = [step for step in cluster["steps"] if step["Status"]["State"] == "PENDING"]
            if not waiting:
                if not cluster["request"]["Instances"]["KeepJobFlowAliveWhenNoSteps"]:
                    self.end(identifier, "ALL_STEPS_COMPLETED", "Steps completed", errors=False)
                    return
                cluster["state"] = "WAITING"
                stop.wait(self._script.pause)
                continue
            self._step(identifier, cluster, waiting[0])

    def _bootstrap(self, identifier: str, cluster: dict) -> str | None:
        if self._script.get("boot") == "bootstrap_failure":
            return "1"
        if not self._script.get("bootstrap"):
            cluster["stop"].wait(self._script.pause)
            return None
        return run_bootstrap(self._script, self._work / identifier, cluster["request"])

    def _step(self, identifier: str, cluster: dict, step: dict) -> None:
        cluster["state"], step["Status"]["State"] = "RUNNING", "RUNNING"
        step["Status"]["Timeline"]["StartDateTime"] = time.time()
        if self._script.get("job") == "spot_loss":
            cluster["stop"].wait(self._script.pause)
            self.end(identifier, "INSTANCE_FAILURE", "All task instances were reclaimed by EC2 Spot")
            return
        logs = f"fruits/logs/{identifier}/steps/{step['Id']}"
        reason = play_job(
            self._script,
            self._work / identifier / step["Id"],
            step["request"]["HadoopJarStep"]["Args"],
            _exports(cluster["request"]),
            logs,
            cluster["stop"],
        )
        if cluster["stop"].is_set():
            return
        step["Status"]["Timeline"]["EndDateTime"] = time.time()
        if reason is None:
            step["Status"]["State"] = "COMPLETED"
            return
        step["Status"] |= {
            "State": "FAILED",
            "FailureDetails": {"Reason": reason, "LogFile": f"s3://fruits/{logs}/stderr.gz"},
        }
        if step["request"]["ActionOnFailure"] == "TERMINATE_CLUSTER":
            self.end(identifier, "STEP_FAILURE", "Shut down as step failed")

    def _cluster(self, identifier: str) -> dict:
        if identifier not in self.clusters:
            raise Refusal("InvalidRequestException", f"Cluster id '{identifier}' is not valid.")
        return self.clusters[identifier]

    def _summary(self, identifier: str, cluster: dict) -> dict:
        timeline = {"CreationDateTime": cluster["created"]}
        if cluster["ended"]:
            timeline["EndDateTime"] = cluster["ended"]
        status = {"State": cluster["state"], "StateChangeReason": cluster["reason"], "Timeline": timeline}
        return {"Id": identifier, "Name": cluster["request"]["Name"], "Status": status}


def _step_summary(step: dict) -> dict:
    jar = step["request"]["HadoopJarStep"]
    return {
        "Id": step["Id"],
        "Name": step["Name"],
        "Config": {"Jar": jar["Jar"], "Args": jar["Args"]},
        "Status": dict(step["Status"]),
    }


def _exports(request: dict) -> dict[str, str]:
    return {
        name: value
        for each in request.get("Configurations", [])
        if each["Classification"] == "spark-env"
        for inner in each.get("Configurations", [])
        for name, value in inner["Properties"].items()
    }
