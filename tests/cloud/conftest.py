"""AWS in two processes: moto, and before it our scripted EMR; a site that is set up; the command line."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest
from cloud_words import BUCKET, PACKAGE

import fruits.cli
from command_line import Cli, caller
from fruits.cloud.aws import Aws
from fruits.cloud.site import Site, load_site
from fruits.storage import s3 as s3_storage
from servers import CREDENTIALS, free_port, s3_server, start, wait_until

HERE = Path(__file__).parent
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class World:
    """The scripted server's remote control."""

    address: str
    moto: str
    work: Path

    def _post(self, path: str, **values: object) -> dict:
        body = json.dumps(values).encode()
        with urlopen(Request(f"{self.address}{path}", data=body, method="POST"), timeout=30) as answer:
            return json.load(answer)

    def script(self, **values: object) -> None:
        """Say what shall happen from now on; forgets what was said, and the calls."""
        self._post("/_script", **values)

    def end(self, identifier: str, code: str, message: str, errors: bool = True) -> None:
        """Have a cluster go down."""
        self._post("/_end", identifier=identifier, code=code, message=message, errors=errors)

    def state(self) -> dict:
        return self._post("/_state")

    def running(self) -> list[str]:
        """Ids of all that still costs."""
        state = self.state()
        clusters = [i for i, each in state["clusters"].items() if not each["state"].startswith("TERMINATED")]
        over = ("SUCCESS", "FAILED", "CANCELLED")
        jobs = [
            name
            for each in state["applications"].values()
            for name, job in each["jobs"].items()
            if job not in over or each["state"] != "TERMINATED"
        ]
        return clusters + jobs

    def calls(self) -> list[str]:
        return self.state()["calls"]

    def cluster_of(self, name: str) -> dict:
        """The one cluster of a run; fails when there are two."""
        found = [each for each in self.state()["clusters"].values() if each["request"]["Name"] == name]
        assert len(found) == 1, [each["request"]["Name"] for each in found]
        return found[0]


@pytest.fixture(scope="module")
def aws_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("aws")
    with s3_server(folder) as moto:
        port = free_port()
        program = [sys.executable, str(HERE / "emr_server.py"), str(port), moto, str(folder)]
        server = start(program, folder / "emr.log", **CREDENTIALS)
        world = World(f"http://127.0.0.1:{port}", moto, folder)
        try:
            wait_until(lambda: _answers(world), f"the EMR server: {server.said()}")
            yield world
            complaints = world.state()["complaints"]
        finally:
            server.kill_group()
    assert "Traceback" not in server.said(), server.said()[-3000:]
    assert not complaints


def _answers(world: World) -> bool:
    try:
        world.state()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module", autouse=True)
def surroundings(aws_servers: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Credentials, the address, and a home folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "FRUITS_CLOUD"))]:
            patch.delenv(name)
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", aws_servers.address)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        if "cloud" not in fruits.cli.COMMANDS:
            patch.setattr(fruits.cli, "COMMANDS", (*fruits.cli.COMMANDS, "cloud"))
        s3_storage._client.cache_clear()
        yield
    s3_storage._client.cache_clear()


@pytest.fixture
def world(aws_servers: World) -> Iterator[World]:
    """The servers, with nothing scripted before and nothing running after."""
    aws_servers.script()
    yield aws_servers
    assert not aws_servers.state()["complaints"]
    assert aws_servers.running() == []


@pytest.fixture
def cloud(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call ``fruits cloud`` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return caller(capfd, "cloud")


@pytest.fixture(scope="module")
def site(aws_servers: World, surroundings: None) -> Site:
    """A site that `setup` made, with three images and what stands for a package."""
    aws_servers.script()
    assert fruits.cli.main(["cloud", "setup", "--bucket", BUCKET]) == 0
    client = boto3.client("s3")
    for number in range(3):
        client.put_object(Bucket=BUCKET, Key=f"images/Apple {number % 2}/{number}.jpg", Body=b"jpeg")
    for name in ("SHA256SUMS", "job.py", "bootstrap.sh", "environment.tar.gz"):
        client.put_object(Bucket=BUCKET, Key=f"{PACKAGE.removeprefix(f's3://{BUCKET}/')}/{name}", Body=b"x")
    return load_site(Aws("eu-west-3"), BUCKET)


@pytest.fixture
def out(site: Site) -> str:
    """A new place for results."""
    return f"{site.results}/run-{next(_NUMBERS)}"
