"""Jobs on a cluster that waits: submitted once, their results and tables brought by who asks next."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from cloud_children import in_a_child, outcome_of
from cloud_runs import created, state_of, until
from cloud_words import BUCKET, run_words

from fruits.cli.cloud_package import backbone_files
from fruits.cloud.aws import Aws
from fruits.cloud.errors import UsageError
from fruits.cloud.site import Site
from fruits.cloud.state import Runs
from fruits.engine.bundle import RELEASED
from fruits.records import RunRecord


@pytest.mark.parametrize(
    "script", [{"lose": {"AddJobFlowSteps": 1}}, {"refuse": {"AddJobFlowSteps": ["ThrottlingException", 400, 1]}}]
)
def test_a_job_is_submitted_once_whatever_becomes_of_the_call(cloud, world, site: Site, out: str, script: dict) -> None:
    identifier = created(cloud)
    world.script(**script)
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05", "--wait")
    answer = cloud(*words)
    assert answer.code == 0, answer.said
    assert len(boto3.client("emr").list_steps(ClusterId=identifier)["Steps"]) == 1
    cloud("terminate", "--all", "--poll", "0.05")


def test_submit_called_again_finds_the_job_that_goes_on(cloud, world, site: Site, out: str, tmp_path: Path) -> None:
    identifier = created(cloud)
    world.script(job="hang")
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05")
    log = tmp_path / "log"
    child = in_a_child("cloud", *words, "--wait", log=log)
    until(lambda: "; run " in (log.read_text() if log.exists() else ""), "the job")
    time.sleep(0.5)
    os.kill(child, signal.SIGINT)
    assert outcome_of(child) == 130, log.read_text()
    first, _, said = log.read_text().strip().partition("\n")
    assert f"To end it now: fruits cloud terminate --bucket {BUCKET} {identifier}" in said
    assert cloud(*words).last == first
    assert cloud(*words, "--limit", "1").last != first, "other work"
    assert len(boto3.client("emr").list_steps(ClusterId=identifier)["Steps"]) == 2
    cloud("terminate", "--all", "--poll", "0.05")


def test_a_job_that_fails_leaves_the_waiting_cluster_to_others(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    world.script(job="fail")
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05", "--wait")
    answer = cloud(*words)
    assert answer.code == 1
    assert "the job failed" in answer.last
    assert world.running() == [identifier]
    assert cloud("terminate", "--all", "--poll", "0.05").last == "nothing is left running"


def submitted(cloud, out: str, identifier: str, *more: str) -> None:
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05", *more)
    answer = cloud(*words)
    assert answer.code == 0, answer.said


def steps_end(identifier: str) -> None:
    steps = boto3.client("emr").list_steps
    over = ("COMPLETED", "FAILED", "CANCELLED")
    until(lambda: all(s["Status"]["State"] in over for s in steps(ClusterId=identifier)["Steps"]), "the step to end")


def tables_of(out: str, site: Site) -> list[str]:
    name = out.rpartition("/results/")[2].replace("-", "_")
    try:
        found = boto3.client("glue").get_tables(DatabaseName=site.database)["TableList"]
    except boto3.client("glue").exceptions.EntityNotFoundException:
        return []
    return [table["Name"] for table in found if table["Name"].startswith(f"results_{name}_")]


def test_download_brings_report_and_tables_of_a_job_that_nobody_watched(
    cloud, world, site: Site, out: str, tmp_path: Path
) -> None:
    identifier = created(cloud)
    submitted(cloud, out, identifier)
    steps_end(identifier)
    assert f"fruits cloud download {out} DIR" in cloud("status", "--bucket", BUCKET, out).said
    assert tables_of(out, site) == []
    for _ in range(2):
        answer = cloud("download", out, "home")
        assert answer.code == 0, answer.said
        assert "tables for Athena: fruits_fruits_test." in answer.said
        assert "2 files" in answer.last
        assert len(tables_of(out, site)) == 5
    run = state_of(out, site)
    assert (run.outcome, run.stage) == ("succeeded", "closed")
    record = RunRecord.from_json((tmp_path / "home" / "run.json").read_bytes())
    assert record.arguments["cloud"]["run"] == run.run
    assert record.arguments["cloud"]["vcpus"] == 8
    cloud("terminate", "--all", "--poll", "0.05")


def test_download_while_the_job_goes_on_registers_nothing(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    submitted(cloud, out, identifier, "--wait")
    assert len(tables_of(out, site)) == 5
    world.script(job="hang")
    submitted(cloud, out, identifier, "--csv")
    until(lambda: "RUNNING" in cloud("status", "--bucket", BUCKET, out).said, "the job")
    answer = cloud("download", out, "home")
    assert answer.code == 0
    assert "tables for Athena" not in answer.said, "the record is the earlier job's"
    assert state_of(out, site).outcome == ""
    cloud("terminate", "--all", "--poll", "0.05")
    cloud("download", out, "home")
    assert state_of(out, site).outcome == "stopped"


def test_a_job_that_failed_is_downloaded_with_its_reason_and_no_tables(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    world.script(job="fail")
    submitted(cloud, out, identifier)
    steps_end(identifier)
    assert "1 files" in cloud("download", out, "home").last
    run = state_of(out, site)
    assert run.outcome == "failed"
    assert run.message.startswith("boom, said the job. the job failed")
    assert tables_of(out, site) == []
    cloud("terminate", "--all", "--poll", "0.05")


@pytest.mark.parametrize("ago", [-5, 5])
def test_of_a_cluster_that_emr_has_forgotten_the_record_tells(cloud, world, site: Site, out: str, ago: int) -> None:
    """If it is of this job: one that began before it was submitted is an earlier job's."""
    identifier = created(cloud)
    submitted(cloud, out, identifier)
    steps_end(identifier)
    cloud("terminate", "--all", "--poll", "0.05")
    runs = Runs(site, Aws(site.region))
    run = replace(state_of(out, site), identifier="j-GONE")
    runs.save(run)
    asked = datetime.strptime(run.run[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    record = RunRecord("r", "done", "i", out, started=asked + ago)
    key = f"{out.removeprefix(f's3://{BUCKET}/')}/run.json"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=record.to_json())
    assert cloud("download", out, "home").code == 0
    assert state_of(out, site).outcome == ("succeeded" if ago > 0 else "")
    assert len(tables_of(out, site)) == (5 if ago > 0 else 0)


def test_what_may_not_be_registered_is_downloaded_all_the_same(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    submitted(cloud, out, identifier)
    steps_end(identifier)
    world.script(refuse={"CreateDatabase": ["AccessDeniedException", 403, 1]})
    answer = cloud("download", out, "home")
    assert answer.code == 1
    assert "2 files in home" in answer.said
    assert "access denied for CreateDatabase" in answer.said
    assert "tables for Athena" in cloud("download", out, "home").said
    cloud("terminate", "--all", "--poll", "0.05")


def test_a_cluster_is_known_by_its_id_whatever_ran_on_it(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    submitted(cloud, out, identifier)
    steps_end(identifier)
    Runs(site, Aws(site.region)).save(replace(state_of(out, site), run="20010101T000000-abc"))  # listed before it
    submitted(cloud, f"{out}-more", identifier, "--wait")
    assert cloud("terminate", "--bucket", BUCKET, identifier, "--poll", "0.05").code == 0
    assert world.running() == []


# --- the backbone travels --------------------------------------------------------------------------------------------


def packages_with(*names: str) -> str:
    """A package in the bucket that holds these backbones; returns its URI."""
    folder, client = f"fruits/packages/with-{len(names)}", boto3.client("s3")
    for name in ("SHA256SUMS", "job.py", *(f"backbones/{name}" for name in names)):
        client.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=b"x")
    return f"s3://{BUCKET}/{folder}"


def test_a_backbone_that_the_cluster_lacks_is_refused_before_the_job_waits(cloud, world, site: Site, out: str) -> None:
    identifier = created(cloud)
    words = ("submit", f"s3://{BUCKET}/images", out, "--cluster", identifier, "--poll", "0.05")
    answer = cloud(*words, "--backbone", "mobilenetv2")
    assert answer.code == 2
    assert "lacks backbones/mobilenetv2-10.onnx; run: fruits cloud create --backbone mobilenetv2" in answer.last
    assert boto3.client("emr").list_steps(ClusterId=identifier)["Steps"] == []
    assert cloud(*words, "--backbone", "efficientnet-lite0", "--wait").code == 0, "it comes with our wheel"
    cloud("terminate", "--all", "--poll", "0.05")


def test_create_takes_a_backbone_that_jobs_name(cloud, world, site: Site, out: str) -> None:
    plain, rich = packages_with(), packages_with("mobilenetv2-10.onnx")
    create = ("create", "--bucket", BUCKET, "--budget", "5", "--poll", "0.05", "--backbone", "mobilenetv2")
    refused = cloud(*create, "--package", plain)
    assert refused.code == 2
    assert "run: fruits cloud package --backbone mobilenetv2" in refused.last
    started = cloud(*create, "--package", rich)
    assert started.code == 0, started.said
    submitted(cloud, out, world.running()[0], "--backbone", "mobilenetv2", "--wait")
    cloud("terminate", "--all", "--poll", "0.05")


def test_run_refuses_a_package_without_the_backbone_that_is_named(cloud, world, site: Site, out: str) -> None:
    answer = cloud(*run_words(out), "--backbone", "mobilenetv2")
    assert answer.code == 2
    assert "lacks backbones/mobilenetv2-10.onnx" in answer.last
    assert "elasticmapreduce:RunJobFlow" not in world.calls()


@pytest.mark.parametrize(("name", "file"), [("resnet50", "resnet50-v2-7.onnx"), ("own", "added/own.onnx")])
def test_the_files_of_a_backbone_are_taken_from_the_cache(name: str, file: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FRUITS_BACKBONES", str(tmp_path))
    with pytest.raises(UsageError, match=f"{name} is not in {tmp_path}; get it with: fruits backbones fetch"):
        backbone_files(name)
    for each in (file, file.replace(".onnx", ".json"), "mobilenetv2-10.onnx", "added/own-2.onnx"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_bytes(b"x")
    names = {str(path.relative_to(tmp_path)) for path in backbone_files(name)[0]}
    assert names == ({file} if name == "resnet50" else {file, "added/own.json"})


def test_backbones_of_our_own_wheel_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRUITS_BACKBONES", str(tmp_path))
    for name in (None, RELEASED, "efficientnet-lite0-int8"):
        assert backbone_files(name)[0] == []
