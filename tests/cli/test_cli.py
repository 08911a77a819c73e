"""The face: help, speed of start-up, exit codes, the generated reference."""

from __future__ import annotations

import os
import runpy
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fruits.cli import COMMANDS, build_parser, command, main
from fruits.cli.run import resume_command
from fruits.cli.settings import backbone_cache, storage_options

REPOSITORY = Path(__file__).parent.parent.parent
HEAVY = ("numpy", "PIL", "onnxruntime", "pyspark", "pyarrow", "matplotlib", "boto3", "onnx", "sklearn", "jinja2")


def fruits(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fruits.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from fruits.cli import build_parser; build_parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(HEAVY) & set(loaded)


@pytest.mark.timed
def test_help_is_quick() -> None:
    """Against a bare interpreter, so that a slow machine does not fail it."""

    def seconds(*code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, *code], capture_output=True, check=True)
        return time.perf_counter() - started

    runs = [(seconds("-m", "fruits.cli", "--help"), seconds("-c", "pass")) for _ in range(3)]
    assert statistics.median(a - b for a, b in runs) < 0.3 * max(1.0, statistics.median(b for _, b in runs) / 0.03)


def test_every_command_has_help_and_stands_in_the_reference() -> None:
    page = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert (command(name).__doc__ or "").strip().splitlines()[0].endswith(".")
        assert f"## `fruits {name}`" in page


def test_the_reference_is_what_help_says() -> None:
    page = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    written = runpy.run_path(str(REPOSITORY / "scripts" / "write_cli_reference.py"))["reference"]()
    assert page == written, "run `make docs`"


def test_every_option_is_explained() -> None:
    for name in COMMANDS:
        parser = next(
            choice
            for a in build_parser()._actions
            if hasattr(a, "choices") and a.choices
            for n, choice in a.choices.items()
            if n == name
        )
        for action in parser._actions:
            if action.option_strings and action.dest != "help":
                assert action.help, f"fruits {name} {action.option_strings[0]}"


def test_no_command_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "COMMAND" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "/nowhere", "/tmp/fruits-never"], "/nowhere does not exist"),
        (["run", "/nowhere", "/tmp/fruits-never", "--backbone", "alexnet"], "alexnet"),
        (["run", "/nowhere", "/tmp/fruits-never", "--variance", "7"], "at most 1"),
        (["run", "/nowhere", "/tmp/fruits-never", "--spark", "memory"], "KEY=VALUE"),
        (["run", "ftp://x/y", "/tmp/fruits-never"], "ftp://"),
        (["run", "/nowhere", "/tmp/fruits-never", "--apply", "/nowhere"], "OUT of a"),
        (["report", "/nowhere"], "/nowhere"),
        (["backbones", "fetch", "alexnet"], "alexnet"),
        (["backbones", "add", "Bad Name", "x.onnx", "--tensor", "t"], "Bad Name"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) in (1, 2)
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not Path("/tmp/fruits-never").exists()


def test_wrong_words_are_refused_by_the_parser() -> None:
    for arguments in (["run"], ["run", "a", "b", "--mode", "huge"], ["juggle"], ["run", "a", "b", "--components", "x"]):
        answer = fruits(*arguments)
        assert answer.returncode == 2
        assert "usage: fruits" in answer.stderr


@pytest.mark.parametrize("version", ["", "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n"])
def test_missing_or_old_java_is_one_sentence(version: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    if version:
        java = tmp_path / "bin" / "java"
        java.write_text(version)
        java.chmod(0o755)
    answer = fruits("run", str(tmp_path), str(tmp_path / "out"), JAVA_HOME=str(tmp_path))
    assert answer.returncode == 2
    assert "install Java 17 or newer" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_bug_of_ours_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(options: object) -> int:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(command("report"), "run", broken)
    monkeypatch.delenv("FRUITS_DEBUG", raising=False)
    assert main(["report", "x"]) == 1
    assert "unexpected RuntimeError: out of cheese" in capsys.readouterr().err


def test_the_resume_command_does_not_start_over() -> None:
    assert resume_command(["run", "my images", "out", "--fresh", "--csv"]) == "fruits run 'my images' out --csv"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRUITS_BACKBONES", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert backbone_cache() == tmp_path
    assert (storage_options().endpoint, storage_options().region) == ("http://127.0.0.1:1", "eu-west-3")


def test_doctor_finds_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--no-spark"]) == 0
    said = capsys.readouterr().out
    for name in ("Python", "Java", "memory", "model", "AWS"):
        assert name in said
    assert "all is well" in said
