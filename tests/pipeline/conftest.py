"""The command line called in this process, on the shared Spark; a server that speaks S3; a small disk."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fruits.cli import main
from fruits.engine.backbone import bundle_backbone
from fruits.vision.backbones import Backbone
from servers import CREDENTIALS, s3_server


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code and what it said."""

    code: int
    said: str

    @property
    def last(self) -> str:
        """The last line."""
        return self.said.strip().splitlines()[-1]


Cli = Callable[..., Answer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call ``fruits`` in this process; no traceback may be seen."""

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as leaving:  # argparse
            code = int(leaving.code or 0)
        said = "".join(capsys.readouterr())
        assert "Traceback" not in said
        assert "unexpected" not in said
        return Answer(code, said)

    return call


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """The default backbone: the released bundle's embedding."""
    return bundle_backbone()


@pytest.fixture(scope="session")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server with no buckets."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="session", autouse=True)
def credentials() -> Iterator[None]:
    """In the environment before Spark starts: its Python workers take it from there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB: enough for the backbone and a few slices."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk of 16 MiB can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
