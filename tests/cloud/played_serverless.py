"""EMR Serverless as a play."""

from __future__ import annotations

import itertools
import shlex
import threading
import time
from pathlib import Path

from played_emr import Refusal
from played_job import Script, play_job


class PlayedServerless:
    """Operations by AWS's names: parameters in, answer out."""

    def __init__(self, script: Script, work: Path) -> None:
        self._script, self._work = script, work
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.applications: dict[str, dict] = {}
        self._tokens: dict[str, str] = {}

    def CreateApplication(self, request: dict) -> dict:
        with self._lock:
            identifier = self._tokens.get(request["clientToken"])
            if identifier is None:
                identifier = f"00f{next(self._numbers):013d}"
                self._tokens[request["clientToken"]] = identifier
                self.applications[identifier] = {
                    "request": request,
                    "state": "CREATING",
                    "created": time.time(),
                    "jobs": {},
                }
                threading.Thread(target=self._created, args=(identifier,), daemon=True).start()
        return {"applicationId": identifier, "name": request["name"], "arn": _arn(identifier)}

    def _created(self, identifier: str) -> None:
        time.sleep(self._script.pause)
        self.applications[identifier]["state"] = "CREATED"

    def GetApplication(self, request: dict) -> dict:
        identifier, found = request["applicationId"], self._application(request["applicationId"])
        asked = found["request"]
        return {
            "application": {
                "applicationId": identifier,
                "name": asked["name"],
                "arn": _arn(identifier),
                "releaseLabel": asked["releaseLabel"],
                "type": asked["type"],
                "state": found["state"],
                "createdAt": found["created"],
                "updatedAt": found["created"],
                "tags": asked["tags"],
                "maximumCapacity": asked["maximumCapacity"],
            }
        }

    def ListApplications(self, request: dict) -> dict:
        found = [
            {
                "id": identifier,
                "name": each["request"]["name"],
                "arn": _arn(identifier),
                "releaseLabel": each["request"]["releaseLabel"],
                "type": "Spark",
                "state": each["state"],
                "createdAt": each["created"],
                "updatedAt": each["created"],
            }
            for identifier, each in self.applications.items()
        ]
        return {"applications": found}

    def StartJobRun(self, request: dict) -> dict:
        application = self._application(request["applicationId"])
        if application["state"] not in ("CREATED", "STARTED"):
            raise Refusal("ValidationException", f"Application is in state {application['state']}")
        with self._lock:
            identifier = self._tokens.get(request["clientToken"])
            if identifier is None:
                identifier = f"00j{next(self._numbers):013d}"
                self._tokens[request["clientToken"]] = identifier
                application["state"] = "STARTED"
                job = {"request": request, "state": "SUBMITTED", "created": time.time(), "stop": threading.Event()}
                application["jobs"][identifier] = job
                place = (request["applicationId"], identifier, job)
                threading.Thread(target=self._live, args=place, daemon=True).start()
        arn = f"{_arn(request['applicationId'])}/jobruns/{identifier}"
        return {"applicationId": request["applicationId"], "jobRunId": identifier, "arn": arn}

    def GetJobRun(self, request: dict) -> dict:
        application = self._application(request["applicationId"])
        job = application["jobs"][request["jobRunId"]]
        asked = job["request"]
        answer = {
            "applicationId": request["applicationId"],
            "jobRunId": request["jobRunId"],
            "name": asked["name"],
            "arn": f"{_arn(request['applicationId'])}/jobruns/{request['jobRunId']}",
            "createdBy": "arn:aws:iam::123456789012:user/me",
            "createdAt": job["created"],
            "updatedAt": job.get("ended", job["created"]),
            "executionRole": asked["executionRoleArn"],
            "state": job["state"],
            "stateDetails": job.get("details") or job["state"],
            "releaseLabel": application["request"]["releaseLabel"],
            "jobDriver": asked["jobDriver"],
            "executionTimeoutMinutes": asked["executionTimeoutMinutes"],
        }
        if "ended" in job:
            answer["endedAt"] = job["ended"]
            answer["billedResourceUtilization"] = {"vCPUHour": 2.0, "memoryGBHour": 8.0, "storageGBHour": 0.0}
        return {"jobRun": answer}

    def ListJobRuns(self, request: dict) -> dict:
        jobs = self._application(request["applicationId"])["jobs"]
        application = self._application(request["applicationId"])["request"]
        found = [
            {
                "applicationId": request["applicationId"],
                "id": identifier,
                "arn": f"{_arn(request['applicationId'])}/jobruns/{identifier}",
                "createdBy": "arn:aws:iam::123456789012:user/me",
                "createdAt": job["created"],
                "updatedAt": job["created"],
                "executionRole": job["request"]["executionRoleArn"],
                "state": job["state"],
                "stateDetails": job["state"],
                "releaseLabel": application["releaseLabel"],
            }
            for identifier, job in reversed(jobs.items())
        ]
        return {"jobRuns": found}

    def CancelJobRun(self, request: dict) -> dict:
        job = self._application(request["applicationId"])["jobs"][request["jobRunId"]]
        job["stop"].set()
        self._end(job, "CANCELLED", "")
        return {"applicationId": request["applicationId"], "jobRunId": request["jobRunId"]}

    def StopApplication(self, request: dict) -> dict:
        application = self._application(request["applicationId"])
        if any("ended" not in job for job in application["jobs"].values()):
            raise Refusal("ValidationException", "Application has active job runs")
        if application["state"] != "STARTED":
            raise Refusal("ValidationException", f"Application is in state {application['state']}")
        application["state"] = "STOPPED"
        return {}

    def DeleteApplication(self, request: dict) -> dict:
        application = self._application(request["applicationId"])
        if application["state"] not in ("STOPPED", "CREATED"):
            raise Refusal("ValidationException", f"Application is in state {application['state']}")
        application["state"] = "TERMINATED"
        return {}

    def _live(self, application: str, identifier: str, job: dict) -> None:
        for state in ("PENDING", "SCHEDULED", "RUNNING"):
            if job["stop"].wait(self._script.pause):
                return
            job["state"] = state
        if self._script.get("job") == "timeout":
            self._end(job, "FAILED", "Job run timed out after the configured execution timeout")
            return
        submit = job["request"]["jobDriver"]["sparkSubmit"]
        command = ["spark-submit", "--master", "yarn", *shlex.split(submit["sparkSubmitParameters"])]
        command += [submit["entryPoint"], *submit["entryPointArguments"]]
        prefix = "spark.emr-serverless.driverEnv."
        exports = dict(word.removeprefix(prefix).split("=", 1) for word in command if word.startswith(prefix))
        logs = f"fruits/logs/applications/{application}/jobs/{identifier}/SPARK_DRIVER"
        reason = play_job(self._script, self._work / application / identifier, command, exports, logs, job["stop"])
        if not job["stop"].is_set():
            self._end(job, "SUCCESS" if reason is None else "FAILED", reason or "")

    def _end(self, job: dict, state: str, details: str) -> None:
        job["state"], job["details"], job["ended"] = state, details, time.time()

    def _application(self, identifier: str) -> dict:
        if identifier not in self.applications:
            raise Refusal("ResourceNotFoundException", f"Application {identifier} does not exist", 404)
        return self.applications[identifier]


def _arn(identifier: str) -> str:
    return f"arn:aws:emr-serverless:eu-west-3:123456789012:/applications/{identifier}"
