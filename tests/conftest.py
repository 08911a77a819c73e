"""What all tests share: the real images, a drawn data set, one Spark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def fruits_data() -> Path:
    """The folder of real images and tables: FRUITS_DATA, by default ../shared/data beside the repository."""
    folder = Path(os.environ.get("FRUITS_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "labels.csv").exists():
        pytest.skip(f"no real images at {folder}: set FRUITS_DATA to the folder that holds labels.csv")
    return folder


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn data set of 120 images."""
    from fruits.samples.draw import draw_samples

    folder = tmp_path_factory.mktemp("samples") / "images"
    draw_samples(folder, images=120)
    return folder


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One local Spark for all tests that can share it; the chain joins the active session."""
    from pyspark.sql import SparkSession

    from fruits.pipeline.session import start_context, stop

    work = tmp_path_factory.mktemp("spark")
    context = start_context("local[2,4]", "tests", str(work), work, {"spark.ui.enabled": "false"})
    yield SparkSession(context)
    stop(context)


@pytest.fixture(scope="session")
def onnxruntime_web() -> Path:
    """The folder whose node_modules hold the onnxruntime-web that the app ships."""
    folder = REPOSITORY / "frontend"
    if shutil.which("node") is None or not (folder / "node_modules" / "onnxruntime-web").is_dir():
        pytest.skip("no node, or the app's packages are not installed: make setup")
    return folder
