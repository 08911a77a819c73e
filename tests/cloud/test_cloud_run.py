"""The whole of `fruits cloud run`, and what comes in its way."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from pathlib import Path

import boto3
import pytest
from cloud_children import in_a_child, outcome_of
from cloud_words import BUCKET, run_words
from played_job import Script, run_bootstrap

import fruits.cloud
from fruits.cloud.aws import Aws
from fruits.cloud.prices import Prices
from fruits.cloud.runner import Runner
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, Runs

_NUMBERS = itertools.count(1)


@pytest.fixture
def out(site: Site) -> str:
    """A new place for results."""
    return f"{site.results}/run-{next(_NUMBERS)}"


def state_of(out: str, site: Site) -> CloudRun:
    found = Runs(site, Aws(site.region)).of(out)
    assert found is not None
    return found


def schedules() -> list[str]:
    return [each["Name"] for each in boto3.client("scheduler").list_schedules()["Schedules"]]


def check_closed(world, site: Site, out: str, outcome: str) -> CloudRun:
    """Nothing runs, nothing is scheduled, one cluster was started, and the state says how it ended."""
    run = state_of(out, site)
    assert (run.stage, run.outcome) == ("closed", outcome)
    assert world.running() == []
    assert f"fruits-{run.run}" not in schedules()
    return run


@pytest.mark.parametrize("target", ["ec2", "serverless"])
def test_from_call_to_results_with_nothing_left(
    cloud, world, site: Site, out: str, tmp_path: Path, target: str
) -> None:
    more = ("--serverless",) if target == "serverless" else ()
    answer = cloud(*run_words(out), *more)
    assert answer.code == 0, answer.said
    assert "nothing is left running" in answer.said
    assert "prices of" in answer.said
    run = check_closed(world, site, out, "succeeded")
    assert run.expected == 3
    assert (tmp_path / "home" / "report.html").read_bytes().startswith(b"<!")
    record = json.loads((tmp_path / "home" / "run.json").read_text())
    assert record["arguments"]["cloud"]["region"] == "eu-west-3"
    assert record["arguments"]["cloud"]["outside_eu"] is False
    tables = boto3.client("glue").get_tables(DatabaseName=site.database)["TableList"]
    assert f"{out.rpartition('/results/')[2]}_features".replace("-", "_") in " ".join(t["Name"] for t in tables)
    assert 0 < run.cost_eur < 1


def test_the_request_says_what_the_issue_asks(cloud, world, site: Site, out: str) -> None:
    answer = cloud(*run_words(out), "--components", "7", "--label", "Apple*", "--label", "Pear", "--csv")
    assert answer.code == 0, answer.said
    request = world.cluster_of(f"fruits-{state_of(out, site).run}")["request"]
    assert request["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False
    assert request["Instances"]["InstanceGroups"][0]["InstanceType"] == "m5.xlarge"
    assert [group["InstanceCount"] for group in request["Instances"]["InstanceGroups"]] == [1, 2]
    (step,) = request["Steps"]
    assert step["ActionOnFailure"] == "TERMINATE_CLUSTER"
    words = step["HadoopJarStep"]["Args"]
    assert words[:3] == ["spark-submit", "--master", "yarn"]
    images = f"s3://{BUCKET}/images"
    asked = ["run", images, out, "--label", "Apple*", "--label", "Pear", "--components", "7", "--csv"]
    given = words[words.index("run") :]
    assert sorted(given) == sorted(asked)
    assert given[:3] == asked[:3]
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert {"project", "run", "owner", "budget"} <= tags.keys()
    assert tags["budget"] == "10.00 EUR"
    export = request["Configurations"][0]["Configurations"][0]["Properties"]
    assert export["PYSPARK_PYTHON"] == "/opt/fruits/bin/python"
    assert request["BootstrapActions"][0]["ScriptBootstrapAction"]["Args"][2] == "python3.11"
    run = state_of(out, site)
    halt = int(request["BootstrapActions"][0]["ScriptBootstrapAction"]["Args"][3])
    assert halt == pytest.approx(run.deadline + 600, abs=2), "a moment: however long a node is in coming"


def test_the_hard_stop_is_set_while_it_runs(world, site: Site, out: str, tmp_path: Path) -> None:
    world.script(job="hang")
    child = in_a_child("cloud", *run_words(out), log=tmp_path / "log")
    try:
        runs = Runs(site, Aws(site.region))
        _until(lambda: (found := runs.of(out)) and any(found.run in name for name in schedules()), "the schedule")
        run = state_of(out, site)
        schedule = boto3.client("scheduler").get_schedule(Name=f"fruits-{run.run}")
        moment = time.strftime("at(%Y-%m-%dT%H:%M:%S)", time.gmtime(run.deadline))
        assert schedule["ScheduleExpression"] == moment
        assert schedule["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows"
        assert json.loads(schedule["Target"]["Input"]) == {"JobFlowIds": [run.identifier or world.running()[0]]}
        assert schedule["Target"]["RoleArn"] == site.role_arn("scheduler")
        assert 0 < run.requests_eur < 0.01
        paid = 3600 * (10 - run.requests_eur) / run.hourly_eur
        assert run.deadline - run.asked == pytest.approx(paid - 300, abs=1)
    finally:
        os.kill(child, signal.SIGKILL)
        outcome_of(child)
        _end_all(world)


@pytest.mark.parametrize(("seconds", "minutes"), [(3570, "+60"), (-90, "+1")])
def test_the_timer_on_the_primary_rings_at_a_moment(
    world, site: Site, tmp_path: Path, seconds: int, minutes: str
) -> None:
    """The moment is the budget's, not counted from when the node came; one that is past rings at once."""
    script = Path(fruits.cloud.__file__).parent / "data" / "bootstrap.sh"
    place = f"s3://{BUCKET}/fruits/packages/timer"
    boto3.client("s3").put_object(Bucket=BUCKET, Key="fruits/packages/timer/bootstrap.sh", Body=script.read_bytes())
    arguments = [place, str(tmp_path / "home"), "python3.11", str(int(time.time()) + seconds)]
    action = {"Path": f"{place}/bootstrap.sh", "Args": arguments}
    said = run_bootstrap(
        Script(moto=world.moto), tmp_path / "node", {"BootstrapActions": [{"ScriptBootstrapAction": action}]}
    )
    assert said is not None, "there is no package"
    assert (tmp_path / "node" / "halt").read_text().split()[:2] == ["-h", minutes]


def _until(condition, what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _end_all(world) -> None:
    for identifier in world.running():
        world.end(identifier, "USER_REQUEST", "the test is over", errors=False)
    _until(lambda: world.running() == [], "all to end")


# --- killed, and called again ----------------------------------------------------------------------------------------

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
    _until(lambda: world.running() == [], "the cluster to end by itself")
    run = state_of(out, site)
    assert run.stage == "started"
    run.deadline = time.time() - 3600
    runs.save(run)
    world.script(refuse={"CreateSchedule": ["ValidationException", 400, 9]})  # AWS takes no moment of the past
    answer = cloud(*run_words(out))
    assert answer.code == 0, answer.said
    check_closed(world, site, out, "succeeded")


# --- refused, throttled, lost ----------------------------------------------------------------------------------------


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
    _until(lambda: world.running() == [], "the cluster to end")
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
        _until(lambda: world.running() == [], "the cluster to end by itself")
        assert cloud(*run_words(out)).code == 0
        check_closed(world, site, out, "succeeded")


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
    _until(lambda: world.running() == [], "the cluster to end by itself")
    cloud(*run_words(out))
    answer = cloud(*run_words(out), "--fresh")
    assert answer.code == 1
    assert "the same command without --fresh goes on from there" in answer.last


def test_somebody_else_terminates_it(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    world.script(job="hang")
    log = tmp_path / "log"
    child = in_a_child("cloud", *run_words(out), log=log)
    _until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
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
    from fruits.cloud.errors import BudgetError

    world.script(job="hang")
    prices, clock, said = Prices.load(), Clock(), []
    runner = Runner(site, Aws(site.region), prices, poll=0.05, tell=said.append, now=clock)
    run = _planned(site, prices, out)
    runner.runs.begin(run)
    runner.start(run)
    _until(lambda: "RUNNING" in runner.service(run).observe(run.identifier).state, "the step to run")
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
    from cloud_words import PACKAGE

    from fruits.cloud.shapes import Shape
    from fruits.cloud.state import new_run_id
    from fruits.cloud.target import DEFAULT_HOME, DEFAULT_RELEASE

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


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["leave", "terminate", "ask"])
def test_interrupted(world, site: Site, out: str, tmp_path: Path, choice: str) -> None:
    """Ctrl-C leaves or terminates, as told; without a terminal to ask it leaves, and the same command goes on."""
    world.script(job="hang")
    log = tmp_path / "log"
    child = in_a_child("cloud", *run_words(out), "--on-interrupt", choice, log=log)
    _until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
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
    _until(lambda: "step RUNNING" in (log.read_text() if log.exists() else ""), "the step to run")
    os.kill(child, signal.SIGINT)
    os.write(ours, f"{answer}\n".encode())
    assert outcome_of(child) == 130, log.read_text()
    assert "running? [y/N]" in log.read_text()
    if answer == "y":
        (identifier,) = world.running()
        world.end(identifier, "ALL_STEPS_COMPLETED", "Steps completed", errors=False)
        assert outcome_of(in_a_child("cloud", *run_words(out), log=log)) == 0
    check_closed(world, site, out, outcome)


# --- what is refused before anything costs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--budget", "0.01"), "more than the budget of 0.01 EUR; nothing was started"),
        (("--budget", "0.15"), "--budget 0.19 would do"),  # the hard stop would ring before it is done
        (("--region", "us-east-1"), "outside the European Union"),
        (("--region", "eu-west-2"), "outside the European Union"),
        (("--region", "paris"), "not the name of a region"),
        (("--release", "emr-6.15.0"), "emr-7.1.0"),
        (("--release", "emr-7.0.0"), "emr-7.1.0"),
        (("--instance", "p4d.24xlarge"), "no price"),
        (("--nodes", "0"), "--nodes"),
        (("--spot", "--serverless"), "no Spot"),
        (("--master", "yarn"), "--master is not for the cloud"),
        (("--package", f"s3://{BUCKET}/fruits/packages/none"), "lacks SHA256SUMS"),
        (("--bucket", "no-such-bucket"), "is not set up"),
    ],
)
def test_mistakes_cost_nothing(cloud, world, site: Site, out: str, words: tuple, sentence: str) -> None:
    answer = cloud(*run_words(out), *words)
    assert answer.code == 2, answer.said
    assert sentence in answer.last
    assert "elasticmapreduce:RunJobFlow" not in world.calls()


def test_the_budget_that_is_named_would_do(cloud, world, site: Site, out: str) -> None:
    answer = cloud(*run_words(out, budget="0.19"))
    assert answer.code == 0, answer.said
    assert "at 0.19 EUR it is stopped after 0.2 h, and can be resumed" in answer.said
    run = check_closed(world, site, out, "succeeded")
    assert run.deadline - run.asked > 3600 * run.forecast["hours"][1]


def test_places_outside_the_site_are_refused(cloud, world, site: Site) -> None:
    images = f"s3://{BUCKET}/images"
    for words, sentence in (
        (("run", images, f"s3://{BUCKET}/elsewhere"), "--results"),
        (("run", "s3://other/images", f"{site.results}/x", "--bucket", BUCKET), "--images s3://other/images"),
        (("run", "/tmp", f"{site.results}/x"), "is not in a bucket"),
    ):
        answer = cloud(*words, "--budget", "10")
        assert answer.code == 2
        assert sentence in answer.last
