"""A run that was killed or interrupted, and called again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from cloud_children import in_a_child, outcome_of
from cloud_runs import check_closed, state_of, until
from cloud_words import BUCKET, run_words

from fruits.cloud.aws import Aws
from fruits.cloud.site import Site
from fruits.cloud.state import Runs

KILLS = [
    ("RunJobFlow", "before"),
    ("RunJobFlow", "after"),
    ("CreateSchedule", "before"),
    ("CreateSchedule", "after"),
    ("DescribeCluster", "after"),
    ("ListSteps", "before"),
    ("CreateTable", "after"),
    ("DeleteSchedule", "before"),
    ("DeleteSchedule", "after"),
    (r"PUT /fruits-test/fruits/runs/.*", "before"),
    (r"PUT /fruits-test/fruits/runs/.*", "after"),
    (r"PUT /fruits-test/fruits/current/.*", "after"),
    (r"PUT /fruits-test/results/.*/run.json", "before"),
]


@pytest.mark.parametrize(("operation", "when"), KILLS)
def test_killed_anywhere_and_called_again(
    world, site: Site, out: str, tmp_path: Path, operation: str, when: str
) -> None:
    """kill -9 at this call, then the same command: one cluster in all, its results, and nothing left."""
    log = tmp_path / "log"
    words = [*run_words(out), "--download", str(tmp_path / "home")]
    before = set(world.state()["clusters"])
    victim = _killed_at(world, words, log, operation, when)
    assert outcome_of(victim) == -9, log.read_text()
    assert outcome_of(in_a_child("cloud", *words, log=log)) == 0, log.read_text()
    check_closed(world, site, out, "succeeded")
    started = set(world.state()["clusters"]) - before
    assert len(started) == 1, log.read_text()
    assert (tmp_path / "home" / "report.html").exists()


def _killed_at(world, words: list[str], log: Path, operation: str, when: str) -> int:
    reader, writer = os.pipe()  # the child waits until the server knows whom to kill
    child = in_a_child("cloud", *words, log=log, wait_for=reader)
    world.script(kill=[child, operation, when])
    os.write(writer, b"x")
    os.close(reader)
    os.close(writer)
    return child


@pytest.mark.parametrize(
    "operation", ["CreateApplication", "StartJobRun", "GetJobRun", "StopApplication", "DeleteApplication"]
)
def test_killed_anywhere_on_serverless(world, site: Site, out: str, tmp_path: Path, operation: str) -> None:
    log = tmp_path / "log"
    words = [*run_words(out), "--serverless", "--download", str(tmp_path / "home")]
    before = set(world.state()["applications"])
    victim = _killed_at(world, words, log, operation, "after")
    assert outcome_of(victim) == -9, log.read_text()
    assert outcome_of(in_a_child("cloud", *words, log=log)) == 0, log.read_text()
    check_closed(world, site, out, "succeeded")
    started = set(world.state()["applications"]) - before
    assert len(started) == 1
    assert len(world.state()["applications"][started.pop()]["jobs"]) == 1


def test_a_job_that_serverless_refuses_leaves_no_application(cloud, world, site: Site, out: str) -> None:
    world.script(refuse={"StartJobRun": ["ValidationException", 400, 1]})
    before = set(world.state()["applications"])
    answer = cloud(*run_words(out), "--serverless")
    assert answer.code == 1, answer.said
    check_closed(world, site, out, "failed")
    after = world.state()["applications"]
    assert [after[each]["state"] for each in after.keys() - before] == ["TERMINATED"]


def test_terminate_finds_an_application_without_a_job(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    before = set(world.state()["applications"])
    victim = _killed_at(world, [*run_words(out), "--serverless"], tmp_path / "log", "CreateApplication", "after")
    assert outcome_of(victim) == -9
    answer = cloud("terminate", "--bucket", BUCKET, out, "--poll", "0.05")
    assert answer.code == 0, answer.said
    after = world.state()["applications"]
    assert [after[each]["state"] for each in after.keys() - before] == ["TERMINATED"]
    check_closed(world, site, out, "interrupted")


def test_killed_before_it_started_and_called_again_the_next_day(
    cloud, world, site: Site, out: str, tmp_path: Path
) -> None:
    """Nothing was spent: the hours that the budget buys count from the second call."""
    runs = Runs(site, Aws(site.region))
    assert outcome_of(_killed_at(world, run_words(out), tmp_path / "log", "RunJobFlow", "before")) == -9
    run = state_of(out, site)
    assert run.stage == "starting"
    run.asked, run.deadline = run.asked - 72000, run.deadline - 72000
    runs.save(run)
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    again = check_closed(world, site, out, "succeeded")
    assert again.run == run.run
    assert again.deadline - again.asked == pytest.approx(run.deadline - run.asked, abs=1)
    assert again.asked > run.asked + 71000
    halt = world.cluster_of(f"fruits-{run.run}")["request"]["BootstrapActions"][0]["ScriptBootstrapAction"]["Args"][3]
    assert int(halt) > time.time() + 3600


def test_called_again_the_next_day(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    """The job ended well, nobody watched, the deadline is long past: its results are there, and it counts as done."""
    log, runs = tmp_path / "log", Runs(site, Aws(site.region))
    assert outcome_of(_killed_at(world, run_words(out), log, "CreateSchedule", "after")) == -9
    until(lambda: world.running() == [], "the cluster to end by itself")
    run = state_of(out, site)
    assert run.stage == "started"
    run.deadline = time.time() - 3600
    runs.save(run)
    world.script(refuse={"CreateSchedule": ["ValidationException", 400, 9]})  # AWS takes no moment of the past
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    check_closed(world, site, out, "succeeded")


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["leave", "terminate", "ask"])
def test_interrupted(world, site: Site, out: str, tmp_path: Path, choice: str) -> None:
    """Ctrl-C leaves or terminates, as told; without a terminal to ask it leaves, and the same command goes on."""
    world.script(job="hang")
    log = tmp_path / "log"
    child = in_a_child("cloud", *run_words(out), "--on-interrupt", choice, log=log)
    until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
    os.kill(child, signal.SIGINT)
    assert outcome_of(child) == 130, log.read_text()
    if choice == "terminate":
        check_closed(world, site, out, "interrupted")
        return
    assert "goes on and stops by itself, at " in log.read_text()
    (identifier,) = world.running()
    assert state_of(out, site).identifier == identifier
    world.end(identifier, "ALL_STEPS_COMPLETED", "Steps completed", errors=False)
    assert outcome_of(in_a_child("cloud", *run_words(out), log=log)) == 0, log.read_text()
    check_closed(world, site, out, "succeeded")


@pytest.mark.parametrize(("answer", "outcome"), [("n", "interrupted"), ("y", "succeeded")])
def test_on_a_terminal_ctrl_c_asks(world, site: Site, out: str, tmp_path: Path, answer: str, outcome: str) -> None:
    world.script(job="hang")
    log, (ours, theirs) = tmp_path / "log", os.openpty()
    child = in_a_child("cloud", *run_words(out), log=log, terminal=theirs)
    until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
    os.kill(child, signal.SIGINT)
    os.write(ours, f"{answer}\n".encode())
    assert outcome_of(child) == 130, log.read_text()
    assert "running? [y/N]" in log.read_text()
    if answer == "y":
        (identifier,) = world.running()
        world.end(identifier, "ALL_STEPS_COMPLETED", "Steps completed", errors=False)
        assert outcome_of(in_a_child("cloud", *run_words(out), log=log)) == 0
    check_closed(world, site, out, outcome)
