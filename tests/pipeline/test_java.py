"""The Java that Spark runs on, and the archive of Spark's classes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fruits.pipeline.errors import PipelineError, UsageError
from fruits.pipeline.java import class_archive, find_java, java_options, make_class_archive

MAPPED = """
import sys
from pathlib import Path
from fruits.pipeline.java import java_options
from fruits.pipeline.session import start_context, stop, work_folder
work = work_folder()
java = java_options(Path(sys.argv[1]), lean=True)
context = start_context("local[1]", "test", str(work), work, {"spark.ui.enabled": "false"}, java)
maps = Path(f"/proc/{context._gateway.proc.pid}/maps").read_text()
total = context.parallelize(range(10), 2).sum()
stop(context)
print(total, sum(".jsa" in line and sys.argv[1] in line for line in maps.splitlines()) > 0)
"""


def test_an_old_java_and_none_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="not found"):
        find_java()
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(UsageError, match="is Java 11; install Java 17"):
        find_java()


def test_without_an_archive_java_gets_no_option_for_one(tmp_path: Path) -> None:
    assert java_options(None, lean=False) == java_options(tmp_path, lean=False) == ()
    assert java_options(tmp_path, lean=True) == java_options(None, lean=True) != ()


def test_a_running_spark_is_left_alone(spark: object, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="a process of its own|one of its own"):
        make_class_archive(tmp_path)


def test_an_archive_is_made_once_and_used(tmp_path: Path) -> None:
    folder = tmp_path / "a cache" / "fruits" / "java"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "a cache")}
    prepare = [sys.executable, "-m", "fruits.cli", "doctor", "--prepare"]
    first, second = (subprocess.run(prepare, env=environment, capture_output=True, check=True) for _ in range(2))
    archive = class_archive(folder)
    assert first.stdout.decode().splitlines()[-1] == str(archive)
    assert second.stdout == b""
    assert [each.name for each in folder.iterdir()] == [archive.name]
    done = subprocess.run([sys.executable, "-c", MAPPED, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["45", "True"]
    archive.chmod(0o644)
    archive.write_bytes(b"not an archive")
    done = subprocess.run([sys.executable, "-c", MAPPED, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["45", "False"], "an archive that Java cannot use is ignored"
