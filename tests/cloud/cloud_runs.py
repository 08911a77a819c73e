"""How a run stands in the bucket and in the world, as many tests ask."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import boto3
from cloud_words import BUCKET, PACKAGE

from command_line import Cli
from fruits.cloud.aws import Aws
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, Runs

CREATE = ("create", "--bucket", BUCKET, "--budget", "5", "--package", PACKAGE, "--poll", "0.05")


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


def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def end_all(world) -> None:
    for identifier in world.running():
        world.end(identifier, "USER_REQUEST", "the test is over", errors=False)
    until(lambda: world.running() == [], "all to end")


def created(cloud: Cli, *more: str) -> str:
    """Create a cluster that waits; returns its id."""
    answer = cloud(*CREATE, *more)
    assert answer.code == 0, answer.said
    found = re.search(r"(j-\d+) waits", answer.said)
    assert found
    return found[1]
