"""fruits info: cards, JSON, lists, unknown words."""

import argparse
import json
import os
import subprocess
import sys

import pytest

from fruits.catalogue import Catalogue
from fruits.catalogue.rendering import render
from fruits.cli import info


@pytest.fixture
def call(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)

    def run(*words):
        parser = argparse.ArgumentParser()
        info.add_arguments(parser)
        code = info.run(parser.parse_args(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_card(call):
    code, out, err = call("pear")
    assert (code, err) == (0, "")
    for words in ("Pear\n====", "poire, poires", "Pyrus communis", "238 kJ / 57 kcal", "USDA SR28 09252", "-1 to 0 °C"):
        assert words in out
    assert "August to March" in out
    assert "rich in          fibre" in out


def test_a_french_card(call):
    code, out, _ = call("poire", "--lang", "fr")
    assert code == 0
    for words in ("Poire\n=====", "pear, pears", "Pour 100 g, cru", "9,75 g", "août à mars", "riche en"):
        assert words in out


@pytest.mark.parametrize("words", [["poire"], ["Pears"], ["grany", "smith"], ["granny smith"]])
def test_names_are_understood(call, words):
    code, out, _ = call(*words)
    assert code == 0
    assert out.startswith(("Pear", "Apple"))


def test_the_language_of_the_terminal(call, monkeypatch):
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert call("pear")[1].startswith("Poire")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert call("pear")[1].startswith("Pear")
    assert call("pear", "--lang", "fr")[1].startswith("Poire")


def test_an_unknown_word_gets_suggestions_and_exit_code_2(call):
    code, out, err = call("apel")
    assert (code, out) == (2, "")
    assert "'apel'" in err
    assert "apple" in err
    code, _, err = call("apel", "--lang", "fr")
    assert code == 2
    assert "Vouliez-vous dire" in err


def test_a_word_like_nothing_has_no_suggestion(call):
    code, _, err = call("zzzzzzzz")
    assert code == 2
    assert "Did you mean" not in err
    assert "--list" in err


def test_no_word_is_a_sentence(call):
    code, out, err = call()
    assert (code, out) == (2, "")
    assert "--list" in err


def test_json_holds_everything_with_its_sources(call):
    code, out, _ = call("kiwi", "--json")
    entry = json.loads(out)
    assert code == 0
    assert entry["name"] == {"en": "kiwifruit", "fr": "kiwi"}
    assert entry["nutrition"]["amounts"]["vitamin_c"] == {
        "value": 92.7,
        "unit": "mg",
        "source": "ciqual",
        "food_id": "13021",
        "bound": "exact",
    }
    assert entry["storage"]["evidence"]["quote"].startswith("0°C (32°F)")
    assert {"nutrient": "vitamin_c", "level": "rich", "percent": pytest.approx(115.875)} in entry["claims"]
    assert "apple" in entry["keep_apart"]
    assert entry["sources"][entry["storage"]["evidence"]["source"]]["address"].startswith("http")


def test_the_list(call):
    code, out, _ = call("--list")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == 80
    assert lines[0].split() == ["apple", "apple", "pomme", "Malus", "domestica"]
    names = json.loads(call("--list", "--json")[1])
    assert {"id": "pear", "en": "pear", "fr": "poire", "latin": "Pyrus communis"} in names


@pytest.mark.parametrize("width", [40, 72, 100])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_card_fits_its_width(width, language):
    catalogue = Catalogue.load()
    for species in catalogue.values():
        text = render(catalogue, species, language, width)
        for line in text.splitlines():
            # one long word, such as an address, may not be broken
            assert len(line) <= width or len(line.split()) == 1, (species.id, line)
            assert line == line.rstrip()
        assert "None" not in text


def test_an_ascii_terminal_gets_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "fruits.cli", "info", "poire", "--lang", "fr"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"Poire" in done.stdout


def test_help_needs_no_catalogue():
    """The module is imported for ``fruits --help``: it must not read or import the catalogue."""
    code = "import sys, fruits.cli.info; sys.exit('fruits.catalogue' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
