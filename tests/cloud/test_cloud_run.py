"""The whole of `fruits cloud run`, and what is refused before anything costs."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import boto3
import pytest
from cloud_children import in_a_child, outcome_of
from cloud_runs import check_closed, end_all, schedules, state_of, until
from cloud_words import BUCKET, run_words
from played_job import Script, run_bootstrap

import fruits.cloud
from fruits.cloud.aws import Aws
from fruits.cloud.site import Site
from fruits.cloud.state import Runs


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
        until(lambda: (found := runs.of(out)) and any(found.run in name for name in schedules()), "the schedule")
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
        end_all(world)


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
