"""What runs on a played cluster: bootstrap and spark-submit for real, or a job that leaves results at once."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import boto3

from fruits.records import RunRecord

# The AWS command line is not among our dependencies: on a node of EMR `aws s3 cp` is Amazon's, here it is these lines.
AWS = """#!{python}
import pathlib, sys, boto3
assert sys.argv[1:5] == ["s3", "cp", "--recursive", "--only-show-errors"], sys.argv
bucket, _, prefix = sys.argv[5].removeprefix("s3://").partition("/")
client = boto3.client("s3")
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for item in page.get("Contents", []):
        target = pathlib.Path(sys.argv[6], item["Key"].removeprefix(prefix))
        target.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, item["Key"], str(target))
"""
SHUTDOWN = """#!/bin/sh
echo "$@" >> {log}
"""


class Script(dict):
    """What shall happen; ``pause`` is how long each state lasts, in seconds."""

    @property
    def pause(self) -> float:
        return float(self.get("pause", 0.05))


def s3(script: Script):
    return boto3.client("s3", endpoint_url=script["moto"], region_name="eu-west-3")


def run_bootstrap(script: Script, folder: Path, request: dict) -> str | None:
    """Run the bootstrap action as a node would; returns what it said if it failed."""
    action = request["BootstrapActions"][0]["ScriptBootstrapAction"]
    folder.mkdir(parents=True, exist_ok=True)
    local = folder / "bootstrap.sh"
    fetch(script, action["Path"], local)
    tools = folder / "bin"
    tools.mkdir()
    for name, text in (("aws", AWS.format(python=sys.executable)), ("shutdown", SHUTDOWN.format(log=folder / "halt"))):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    info = folder / "instance.json"
    info.write_text('{"isMaster": true}')
    environment = os.environ | {
        "PATH": f"{tools}:{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}",
        "INSTANCE_INFO": str(info),
        "AWS_ENDPOINT_URL": script["moto"],
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run(
        ["bash", str(local), *action["Args"]], env=environment, capture_output=True, text=True, check=False
    )
    (folder / "bootstrap.log").write_text(done.stdout + done.stderr)
    return None if done.returncode == 0 else f"{done.returncode} {done.stderr[-500:]}"


def play_job(
    script: Script, folder: Path, command: list[str], exports: dict, logs: str, stop: threading.Event
) -> str | None:
    """Run spark-submit, or what the script says instead; returns why it failed, or None."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = script.get("job", "succeed")
    if kind == "spark":
        code, out, err = spark_submit(script, folder, command, exports)
        upload_logs(script, logs, out, err)
        return None if code == 0 else f"User application exited with status {code}"
    stop.wait(script.pause)
    if kind == "hang":
        stop.wait()
        return "stopped"
    out = command[command.index("run") + 2]
    if kind == "fail":
        upload_logs(script, logs, b"", b"fruits run: boom\n")
        record = RunRecord("r", "failed", command[command.index("run") + 1], out, message="boom, said the job")
        put(script, f"{out}/run.json", record.to_json())
        return "Unknown Error."
    record = RunRecord("r", "done", command[command.index("run") + 1], out, seen=3, features=3, embedded=3)
    put(script, f"{out}/run.json", record.to_json())
    put(script, f"{out}/report.html", b"<!doctype html>")
    upload_logs(script, logs, b"done\n", b"")
    return None


def spark_submit(script: Script, folder: Path, command: list[str], exports: dict) -> tuple[int, bytes, bytes]:
    """Start the very command line, but for the master and what lies in the bucket: standalone Spark reads no s3://."""
    command = list(command)
    command[0] = str(Path(script["spark_home"]) / "bin" / "spark-submit")
    command[command.index("--master") + 1] = script["master"]
    exports = dict(exports)
    for number, word in enumerate(command):
        if word.startswith("spark.archives="):
            uri, _, alias = word.removeprefix("spark.archives=").partition("#")
            archive = folder / Path(uri).name
            fetch(script, uri, archive)
            with tarfile.open(archive) as content:
                content.extractall(
                    folder / alias, filter="data"
                )  # the driver's own copy, where EMR Serverless unpacks it
            command[number] = f"spark.archives={archive}#{alias}"
        elif word.startswith("s3://") and word.endswith(".py"):
            fetch(script, word, folder / "job.py")
            command[number] = str(folder / "job.py")
        elif "/usr/bin/python3.11" in word:  # Amazon Linux has it there
            command[number] = word.replace("/usr/bin/python3.11", script["bare_python"])
    for name, value in exports.items():
        exports[name] = value.replace("/usr/bin/python3.11", script.get("bare_python", ""))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "SPARK_HOME": script["spark_home"],
        "SPARK_LOCAL_IP": "127.0.0.1",
        "AWS_ENDPOINT_URL": script["moto"],
        **exports,
    }
    (folder / "command").write_text("\n".join(command))
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    (folder / "stderr").write_bytes(done.stderr)
    (folder / "stdout").write_bytes(done.stdout)
    return done.returncode, done.stdout, done.stderr


def upload_logs(script: Script, prefix: str, out: bytes, err: bytes) -> None:
    for name, text in (("stdout.gz", out), ("stderr.gz", err)):
        s3(script).put_object(
            Bucket=script.get("bucket", "fruits-test"), Key=f"{prefix}/{name}", Body=gzip.compress(text)
        )


def put(script: Script, uri: str, content: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3(script).put_object(Bucket=bucket, Key=key, Body=content)


def fetch(script: Script, uri: str, target: Path) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with target.open("wb") as file:
        shutil.copyfileobj(s3(script).get_object(Bucket=bucket, Key=key)["Body"], file)
