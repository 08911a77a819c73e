"""create, submit, status, logs, download, list, notebook, costs, terminate."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest
from cloud_children import in_a_child, outcome_of
from cloud_words import BUCKET, PACKAGE, run_words

from fruits.cloud.site import Site

_NUMBERS = itertools.count(1)
_CREATE = ("create", "--bucket", BUCKET, "--budget", "5", "--package", PACKAGE, "--poll", "0.05")


@pytest.fixture
def out(site: Site) -> str:
    return f"{site.results}/look-{next(_NUMBERS)}"


def created(cloud, *more: str) -> str:
    """Create a cluster that waits; returns its id."""
    answer = cloud(*_CREATE, *more)
    assert answer.code == 0, answer.said
    found = re.search(r"(j-\d+) waits", answer.said)
    assert found
    return found[1]


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
    answer = cloud(*_CREATE)
    assert answer.code == 1
    assert "did not start: BOOTSTRAP_FAILURE" in answer.last
    assert world.running() == []


def test_a_job_that_fails_leaves_the_waiting_cluster_to_others(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    world.script(job="fail")
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05", "--wait")
    answer = cloud(*words)
    assert answer.code == 1
    assert "the job failed" in answer.last
    assert world.running() == [identifier]
    assert cloud("terminate", "--all", "--poll", "0.05").last == "nothing is left running"


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
