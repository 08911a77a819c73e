"""``fruits identify`` and ``fruits models`` as a user calls them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fruits.cli import main
from fruits.engine import released
from fruits.engine.bundle import card_path

KEYS = {"path", "species", "variety", "confidence", "sure", "produce", "is_produce", "candidates", "model", "error"}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundles of its own."""
    monkeypatch.setenv("FRUITS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def photos(samples: Path, count: int = 3) -> list[str]:
    return [str(path) for path in sorted(samples.rglob("*.jpg"))[:count]]


def test_json_is_one_object_a_photo_in_order(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    first, second, third = photos(samples)
    given = [first, str(broken), second, str(tmp_path / "absent.jpg"), third]
    assert main(["identify", "--json", "--top", "3", *given]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["path"] for line in lines] == given
    for line in lines:
        assert set(line) == KEYS
        assert line["model"] == released().stem
        if line["path"] in {first, second, third}:
            assert line["error"] is None
            assert len(line["candidates"]) == 3
            assert line["confidence"] == line["candidates"][0]["probability"]
            assert set(line["candidates"][0]) == {"species", "variety", "probability"}
        else:
            assert line["species"] is None
            assert line["candidates"] == []
    assert "empty" in lines[1]["error"]
    assert "No such file" in lines[3]["error"]


def test_sentences_in_two_languages(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", "--lang", "fr", *photos(samples, 12)]) == 0
    french = capsys.readouterr().out
    assert main(["identify", "--lang", "en", *photos(samples, 12)]) == 0
    english = capsys.readouterr().out
    assert len(french.splitlines()) == len(english.splitlines()) == 12
    assert french != english
    assert "perhaps" not in french


def test_an_ascii_terminal_gets_an_answer_and_json_the_very_path(samples: Path, tmp_path: Path) -> None:
    photo = tmp_path / "pêche \N{PEACH}.jpg"
    shutil.copy(photos(samples)[0], photo)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}

    def identify(*arguments: str) -> bytes:
        command = [sys.executable, "-m", "fruits.cli", "identify", "--lang", "fr", str(photo), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert identify().decode("ascii").endswith(" %\n")
    assert json.loads(identify("--json"))["path"] == str(photo)


def test_wrong_calls(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", "--top", "0", *photos(samples)]) == 2
    assert main(["identify", "--model", str(tmp_path / "none.onnx"), *photos(samples)]) == 2
    assert "There is no bundle" in capsys.readouterr().err
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(released().read_bytes()[:5000])
    shutil.copy(card_path(released()), card_path(damaged))
    assert main(["identify", "--model", str(damaged), *photos(samples)]) == 2
    assert "damaged.onnx is damaged" in capsys.readouterr().err


def test_promote_show_compare_and_roll_back(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = tmp_path / "second.onnx"
    shutil.copy(released(), second)
    card = json.loads(card_path(released()).read_text()) | {"name": "second"}
    card_path(second).write_text(json.dumps(card))
    assert main(["models", "use", str(second)]) == 0
    second.unlink()
    assert main(["identify", "--json", *photos(samples, 1)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["model"] == "second"
    assert main(["models", "list"]) == 0
    assert [line.endswith("in use") for line in capsys.readouterr().out.splitlines()] == [False, True]
    assert main(["models", "show"]) == 0
    assert "name: second" in capsys.readouterr().out
    assert main(["models", "compare", released().stem, "second"]) == 0
    assert "input, pixels" in capsys.readouterr().out
    assert main(["models", "rollback"]) == 0
    assert main(["models", "rollback"]) == 2
    assert "Nothing was promoted" in capsys.readouterr().err
