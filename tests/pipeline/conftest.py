"""The command line called in this process, on the shared Spark; a server that speaks S3; a small disk."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Cli, caller
from fruits.engine.backbone import bundle_backbone
from fruits.vision.backbones import Backbone
from servers import CREDENTIALS, s3_server


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call ``fruits`` in this process."""
    return caller(capsys)


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
