"""What comes in the way of a run: calls that fail, clusters and jobs that fail, a budget that ends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import boto3
import pytest
from cloud_children import in_a_child, outcome_of
from cloud_runs import check_closed, state_of, until
from cloud_words import BUCKET, PACKAGE, run_words

from fruits.cloud.aws import Aws
from fruits.cloud.errors import BudgetError
from fruits.cloud.prices import Prices
from fruits.cloud.runner import Runner
from fruits.cloud.shapes import Shape
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, new_run_id
from fruits.cloud.target import DEFAULT_HOME, DEFAULT_RELEASE


@pytest.mark.parametrize(
    "refuse",
    [
        {"RunJobFlow": ["ThrottlingException", 400, 2]},
        {"DescribeCluster": ["ThrottlingException", 400, 2], "ListSteps": ["InternalFailure", 500, 1]},
        {"CreateSchedule": ["ThrottlingException", 429, 1], "CreateTable": ["ThrottlingException", 400, 1]},
        {r"PUT /fruits-test/fruits/runs/.*": ["SlowDown", 503, 1]},
    ],
)
def test_throttled_calls_are_repeated_with_patience(cloud, world, site: Site, out: str, refuse: dict) -> None:
    before = len(world.state()["clusters"])
    world.script(refuse=refuse)
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    check_closed(world, site, out, "succeeded")
    assert len(world.state()["clusters"]) == before + 1
    assert all(planned[2] == 0 for planned in world.state()["script"]["refuse"].values()), "the refusals were met"


def test_a_start_whose_answer_is_lost_is_not_sent_twice(cloud, world, site: Site, out: str) -> None:
    before = len(world.state()["clusters"])
    world.script(lose={"RunJobFlow": 1})
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    check_closed(world, site, out, "succeeded")
    assert len(world.state()["clusters"]) == before + 1


def test_a_lost_cluster_is_looked_for_as_long_as_emr_may_hide_it(cloud, world, site: Site, out: str) -> None:
    before = len(world.state()["clusters"])
    world.script(lose={"RunJobFlow": 1}, list_delay=1.3)
    answer = cloud(*run_words(out), "--poll", "0.5")
    assert answer.code == 0, answer.said
    check_closed(world, site, out, "succeeded")
    assert len(world.state()["clusters"]) == before + 1


def test_a_start_that_nobody_answers_can_be_gone_on_with(cloud, world, site: Site, out: str) -> None:
    """It may have started: so the run is not closed, and the same command looks for it first."""
    before = len(world.state()["clusters"])
    world.script(refuse={"RunJobFlow": ["InternalFailure", 500, 99]})
    answer = cloud(*run_words(out))
    assert answer.code == 1
    assert f"To go on: fruits cloud run s3://{BUCKET}/images {out}" in answer.last
    assert state_of(out, site).stage == "starting"
    world.script()
    assert cloud(*run_words(out)).code == 0
    check_closed(world, site, out, "succeeded")
    assert len(world.state()["clusters"]) == before + 1


@pytest.mark.parametrize(
    "refuse",
    [
        {"CreateSchedule": ["AccessDeniedException", 403, 1]},
        {"CreateSchedule": ["AccessDeniedException", 403, 1], "DeleteSchedule": ["AccessDeniedException", 403, 1]},
        {"CreateSchedule": ["ThrottlingException", 429, 2]},
    ],
)
def test_without_its_hard_stop_nothing_runs(
    cloud, world, site: Site, out: str, refuse: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fruits.cloud.aws.ATTEMPTS", 2)  # seven take half a minute
    world.script(job="hang", refuse=refuse)
    answer = cloud(*run_words(out))
    assert answer.code == 1
    assert "hard stop" in answer.last
    assert "terminated" in answer.last
    until(lambda: world.running() == [], "the cluster to end")
    check_closed(world, site, out, "failed")


def test_a_hard_stop_that_cannot_be_removed_harms_nobody(cloud, world, site: Site, out: str) -> None:
    world.script(refuse={"DeleteSchedule": ["AccessDeniedException", 403, 1]})
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    assert "removes itself" in answer.said
    run = state_of(out, site)
    assert (run.stage, run.outcome) == ("closed", "succeeded")
    boto3.client("scheduler").delete_schedule(Name=f"fruits-{run.run}")


def test_a_start_that_is_refused_leaves_nothing(cloud, world, site: Site, out: str) -> None:
    world.script(refuse={"RunJobFlow": ["ValidationException", 400, 1]})
    answer = cloud(*run_words(out))
    assert answer.code == 1
    assert "refused by the script" in answer.last
    check_closed(world, site, out, "failed")
    assert cloud(*run_words(out)).code == 0, "the next call begins anew"


@pytest.mark.parametrize(
    ("operation", "stage"), [("GetCallerIdentity", ""), ("DescribeCluster", "started"), ("RunJobFlow", "starting")]
)
def test_credentials_that_end(cloud, world, site: Site, out: str, operation: str, stage: str) -> None:
    """Exit code 5 and how to go on; the cluster is not lost, and needs nobody to end."""
    world.script(expire=operation)
    answer = cloud(*run_words(out))
    assert answer.code == 5, answer.said
    assert "refused the credentials" in answer.said
    world.script()
    if stage:
        assert f"fruits cloud run s3://{BUCKET}/images {out}" in answer.last
        assert state_of(out, site).stage == stage
        until(lambda: world.running() == [], "the cluster to end by itself")
        assert cloud(*run_words(out)).code == 0
        check_closed(world, site, out, "succeeded")


def test_credentials_that_end_while_results_are_brought(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    report = f"GET /{out.removeprefix('s3://')}/report.html"
    world.script(expire=report)
    answer = cloud(*run_words(out))
    assert answer.code == 5, answer.said
    assert "AWS refused the credentials" in answer.last
    assert f"To go on: fruits cloud run s3://{BUCKET}/images {out}" in answer.last
    world.script(expire=report)
    assert cloud("download", out, "elsewhere").code == 5
    world.script()
    assert cloud(*run_words(out)).code == 0
    check_closed(world, site, out, "succeeded")
    assert (tmp_path / "home" / "report.html").exists()


# --- clusters and jobs that fail -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "outcome", "sentence", "more"),
    [
        ({"boot": "bootstrap_failure"}, "failed", "the cluster did not start: BOOTSTRAP_FAILURE", ()),
        ({"boot": "no_capacity"}, "failed", "no capacity", ()),
        ({"job": "fail"}, "failed", "boom, said the job", ()),
        ({"job": "spot_loss"}, "failed", "Leave out --spot", ("--spot", "--nodes", "3")),
        ({"job": "fail"}, "failed", "boom, said the job", ("--serverless",)),
        ({"job": "timeout"}, "budget", "the budget, had run out", ("--serverless",)),
    ],
)
def test_failures_are_told_and_leave_nothing(
    cloud, world, site: Site, out: str, tmp_path: Path, script: dict, outcome: str, sentence: str, more: tuple
) -> None:
    world.script(**script)
    answer = cloud(*run_words(out), *more)
    assert answer.code == (4 if outcome == "budget" else 1), answer.said
    assert sentence in answer.last
    run = check_closed(world, site, out, outcome)
    if script.get("job") == "fail":
        assert json.loads((tmp_path / "home" / "run.json").read_text())["status"] == "failed"
        logs = cloud("logs", "--bucket", BUCKET, run.run)
        assert "fruits run: boom" in logs.said
    if script == {"job": "spot_loss"}:
        world.script()
        assert cloud(*run_words(out)).code == 0, "the same command goes on"


def test_going_on_does_not_start_over(cloud, world, site: Site, out: str) -> None:
    """--fresh forgets what OUT holds: said again, it would forget what the failed run left."""
    world.script(expire="DescribeCluster")
    answer = cloud(*run_words(out), "--fresh")
    assert answer.code == 5
    assert f"To go on: fruits cloud run s3://{BUCKET}/images {out}" in answer.last
    assert "--fresh" not in answer.last
    world.script(job="fail")
    until(lambda: world.running() == [], "the cluster to end by itself")
    cloud(*run_words(out))
    answer = cloud(*run_words(out), "--fresh")
    assert answer.code == 1
    assert "the same command without --fresh goes on from there" in answer.last


def test_somebody_else_terminates_it(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    world.script(job="hang")
    log = tmp_path / "log"
    child = in_a_child("cloud", *run_words(out), log=log)
    until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
    world.end(world.running()[0], "USER_REQUEST", "Terminated by user request", errors=False)
    assert outcome_of(child) == 1
    assert "terminated by somebody else" in log.read_text()
    check_closed(world, site, out, "stopped")


class Clock:
    """Time that a test can push forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.mark.parametrize("stopped_by", ["scheduler", "watcher"])
def test_the_budget_runs_out(world, site: Site, out: str, stopped_by: str) -> None:
    """At its deadline the cluster is ended by the scheduler or, should that fail, by who watches."""

    world.script(job="hang")
    prices, clock, said = Prices.load(), Clock(), []
    runner = Runner(site, Aws(site.region), prices, poll=0.05, tell=said.append, now=clock)
    run = _planned(site, prices, out)
    runner.runs.begin(run)
    runner.start(run)
    until(lambda: "RUNNING" in runner.service(run).observe(run.identifier).state, "the step to run")
    if stopped_by == "scheduler":
        run.deadline = time.time() - 1  # as if the hours had passed
        world.end(run.identifier, "USER_REQUEST", "Terminated by user request", errors=False)
    else:
        clock.ahead = run.deadline - time.time() + 130
        run.deadline = time.time()
    seen = runner.watch(run)
    with pytest.raises(BudgetError, match="5.00 EUR, the budget, had run out") as caught:
        runner.finish(run, seen, None)
    assert caught.value.exit_code == 4
    assert out in str(caught.value)
    assert ("terminating" in " ".join(said)) == (stopped_by == "watcher")
    check_closed(world, site, out, "budget")


def _planned(site: Site, prices: Prices, out: str) -> CloudRun:

    hourly = prices.to_eur(Shape().hourly_usd(prices, site.region)[0])
    return CloudRun(
        new_run_id(),
        site.region,
        Shape().to_json(),
        DEFAULT_RELEASE,
        out=out,
        command=["run", f"s3://{BUCKET}/images", out],
        package=PACKAGE,
        home=DEFAULT_HOME,
        budget_eur=5,
        hourly_eur=hourly,
        owner="tests",
    )
