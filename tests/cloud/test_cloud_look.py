"""create, submit, status, logs, download, list, notebook, costs, terminate."""

from __future__ import annotations

import itertools
import os
import re
import signal
import time
from pathlib import Path

import boto3
import pytest
from cloud_children import in_a_child, outcome_of
from cloud_runs import CREATE, created, until
from cloud_words import BUCKET, run_words

from fruits.cloud.aws import Aws
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, Runs

_NUMBERS = itertools.count(1)


def test_a_cluster_that_waits_from_create_to_terminate(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    identifier = created(cloud, "--notebook", "--idle", "60")
    request = world.state()["clusters"][identifier]["request"]
    assert request["AutoTerminationPolicy"] == {"IdleTimeout": 3600}

    listed = cloud("list")
    assert identifier in listed.said
    assert "5.00 EUR" in listed.said
    assert "UTC" in listed.said

    words = (f"s3://{BUCKET}/images", out, "--cluster", identifier, "--components", "3", "--poll", "0.05")
    submitted = cloud("submit", *words, "--wait")
    assert submitted.code == 0, submitted.said
    assert "COMPLETED" in cloud("status", "--bucket", BUCKET, out).said
    assert "WAITING" in cloud("status", "--bucket", BUCKET, identifier).said
    assert "done" in cloud("logs", "--bucket", BUCKET, identifier).said
    assert "2 files" in cloud("download", out, "home").last
    assert (tmp_path / "home" / "report.html").exists()

    tunnel = cloud("notebook", identifier)
    assert tunnel.code == 0
    assert "aws ssm start-session --region eu-west-3 --target i-0123456789abcdef0" in tunnel.said
    assert '"portNumber":["9443"]' in tunnel.said
    assert '"portNumber":["18080"]' in tunnel.said
    ssh = cloud("notebook", identifier, "--ssh", "key.pem")
    assert "ssh -i key.pem -N -L 9443:localhost:9443 -L 18080:localhost:18080 hadoop@ec2-1-2-3-4" in ssh.said

    ended = cloud("terminate", "--bucket", BUCKET, identifier, "--poll", "0.05")
    assert ended.code == 0
    assert "is terminated" in ended.last
    assert world.running() == []
    assert cloud("list").last == "nothing runs in eu-west-3"
    assert "interrupted" in cloud("status", "--bucket", BUCKET, identifier).said
    costs = cloud("costs", "--bucket", BUCKET, "--cost-explorer")
    assert "billed by AWS: 20260101T000000-abc" in costs.said
    assert "total" in costs.said


def test_a_cluster_that_does_not_start(cloud, world, site: Site) -> None:
    world.script(boot="bootstrap_failure")
    answer = cloud(*CREATE)
    assert answer.code == 1
    assert "did not start: BOOTSTRAP_FAILURE" in answer.last
    assert world.running() == []


def test_clusters_of_others_are_left_alone(cloud, world, site: Site) -> None:
    """They may not even be described; `list` and `terminate --all` are about ours."""
    ours = created(cloud)
    theirs = boto3.client("emr").run_job_flow(
        Name="somebody-else",
        ReleaseLabel="emr-7.1.0",
        LogUri="s3://elsewhere/",
        Applications=[],
        Instances={"KeepJobFlowAliveWhenNoSteps": True},
        SecurityConfiguration=site.security_configuration,
    )["JobFlowId"]
    try:
        listed = cloud("list")
        assert listed.code == 0, listed.said
        assert ours in listed.said
        assert theirs not in listed.said
        assert cloud("terminate", "--all", "--poll", "0.05").last == "nothing is left running"
        assert world.running() == [theirs]
    finally:
        world.end(theirs, "USER_REQUEST", "the test is over", errors=False)
        until(lambda: world.running() == [], "it to end")


@pytest.mark.parametrize("known", [True, False])
def test_a_cluster_that_ended_while_nobody_looked_costs_no_more(cloud, world, site: Site, known: bool) -> None:
    """It counts until its end, as EMR says; where EMR has forgotten it, until its timers have rung."""
    identifier, runs = created(cloud), Runs(site, Aws(site.region))
    run = _run_of(runs, identifier)
    assert 0 < time.time() - run.created < 30
    world.end(identifier, "USER_REQUEST", "Terminated by auto-termination", errors=False)
    until(lambda: world.running() == [], "it to end")
    run.created, run.asked, run.deadline = 0, run.asked - 864000, run.deadline - 864000
    if not known:
        run.identifier = f"j-GONE{next(_NUMBERS)}"
    runs.save(run)
    answer = cloud("costs", "--bucket", BUCKET)
    assert answer.code == 0, answer.said
    (line,) = (line for line in answer.said.splitlines() if line.startswith(run.run))
    eur = float(re.search(r"(\d+\.\d\d) +5\.00  EMR", line)[1])
    if known:
        assert eur < 0.05
        assert _run_of(runs, identifier).stage == "closed"
    else:
        assert 5 < eur < 5.2


def _run_of(runs: Runs, identifier: str) -> CloudRun:
    return next(run for run in runs.all() if run.identifier == identifier)


def test_interrupted_while_a_cluster_starts(cloud, world, site: Site, tmp_path: Path) -> None:
    world.script(pause=3)
    log = tmp_path / "log"
    child = in_a_child("cloud", *CREATE, log=log)
    until(lambda: "stopped after" in (log.read_text() if log.exists() else ""), "the cluster")
    os.kill(child, signal.SIGINT)
    assert outcome_of(child) == 130, log.read_text()
    found = re.search(
        rf"goes on and stops by itself, at .*fruits cloud (terminate --bucket {BUCKET} \S+)", log.read_text()
    )
    assert found, log.read_text()
    world.script()
    assert cloud(*found[1].split(), "--poll", "0.05").code == 0
    assert world.running() == []


def test_credentials_that_end_while_a_cluster_starts(cloud, world, site: Site) -> None:
    world.script(expire="DescribeCluster")
    answer = cloud(*CREATE)
    assert answer.code == 5
    found = re.search(rf"goes on and stops by itself, at .*fruits cloud (terminate --bucket {BUCKET} \S+)", answer.last)
    assert found, answer.last
    world.script()
    assert cloud(*found[1].split(), "--poll", "0.05").code == 0
    assert world.running() == []


def test_no_jupyterhub_is_told(cloud, world, site: Site) -> None:
    identifier = created(cloud)
    answer = cloud("notebook", identifier)
    assert answer.code == 2
    assert "fruits cloud create --notebook" in answer.last
    cloud("terminate", "--all", "--poll", "0.05")
    gone = cloud("notebook", identifier)
    assert gone.code == 2
    assert "no running primary" in gone.last


def test_terminate_ends_a_run_of_serverless(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    world.script(job="hang")
    log = tmp_path / "log"
    child = in_a_child("cloud", *run_words(out), "--serverless", "--on-interrupt", "leave", log=log)
    end = time.monotonic() + 30
    while "RUNNING" not in (log.read_text() if log.exists() else "") and time.monotonic() < end:
        time.sleep(0.05)
    assert "RUNNING" in cloud("list").said
    assert cloud("terminate", "--bucket", BUCKET, out, "--poll", "0.05").code == 0
    assert outcome_of(child) in (1, 0)
    assert world.running() == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("status", "nothing", "--bucket", BUCKET), "no run nothing"),
        (("status", "nothing"), "which bucket?"),
        (("terminate",), "--all"),
        (("download", f"s3://{BUCKET}/results/none", "x"), "holds no results"),
        (("create", "--bucket", BUCKET, "--budget", "0.05"), "a cluster needs 8 to start"),
        (("create", "--bucket", BUCKET, "--budget", "5", "--serverless"), "cloud run --serverless"),
        (("submit", f"s3://{BUCKET}/images", f"s3://{BUCKET}/results/y", "--cluster", "j-none"), "no run j-none"),
    ],
)
def test_mistakes_are_one_sentence(cloud, world, site: Site, words: tuple, sentence: str) -> None:
    answer = cloud(*words)
    assert answer.code == 2, answer.said
    assert sentence in answer.last
