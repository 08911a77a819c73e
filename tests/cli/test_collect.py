"""fruits collect: what is said, what is refused, and with which exit code."""

import argparse
import os
import subprocess
import sys

import pytest

from fruits.cli import collect
from fruits.collecting import WrongCallError
from fruits.errors import FruitsError
from photo_apis import World, serving

PROGRAM = """
import argparse, sys
from fruits.cli import collect
parser = argparse.ArgumentParser()
collect.add_arguments(parser)
sys.exit(collect.run(parser.parse_args()))
"""


@pytest.fixture
def call(monkeypatch, capsys):
    monkeypatch.delenv("FRUITS_CONTACT", raising=False)

    def run(*words):
        parser = argparse.ArgumentParser()
        collect.add_arguments(parser)
        try:
            code = collect.run(parser.parse_args([str(word) for word in words]))
        except FruitsError as error:
            captured = capsys.readouterr()
            return error.exit_code, captured.out, captured.err + str(error)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    world.taxa.append({"id": 55, "name": "Pyrus communis", "rank": "species"})
    world.on_commons(1)
    world.on_commons(2, b"no photo")
    world.on_inaturalist(3)
    world.on_openverse("ov-1")
    return world


def endpoints(world):
    return [word for name, url in world.endpoints().items() for word in ("--endpoint", f"{name}={url}")]


def test_a_collection(call, world, tmp_path):
    with serving(world):
        code, out, err = call("poire", "--to", tmp_path / "out", "--contact", "me@example.org", *endpoints(world))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "pear: 3 of 100; new: 1 commons, 1 inaturalist, 1 openverse; not kept: 1 not-an-image"
    assert f"3 new, 3 in all in {tmp_path / 'out'}; credits in {tmp_path / 'out' / 'credits.csv'}." in out
    assert (tmp_path / "out" / "pear" / "openverse-ov-1.jpg").is_file()


def test_as_a_program_with_the_contact_of_the_environment(world, tmp_path):
    with serving(world):
        arguments = ["pear", "--to", str(tmp_path / "out"), "--limit", "1", "--sources", "commons", *endpoints(world)]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            env=os.environ | {"FRUITS_CONTACT": "https://example.org/us"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert {"(https://example.org/us)" in entry["agent"] for entry in world.asked()} == {True}
        assert not world.asked("/v1")


def test_unknown_species_are_refused_before_anything_is_asked_or_made(call, tmp_path):
    code, out, err = call("pear", "aple", "xyzzy", "bread", "--to", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "does not know 'xyzzy'." in err and "does not know 'bread'. Did you mean" in err
    assert "fruits info --list" in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--licence", "cc-by-nc"], "cc-by-nc"),
        (["--licence", "cc0,gfdl"], "gfdl"),
        (["--limit", "0"], "at least 1"),
        (["--sources", "flickr"], "flickr"),
        (["--sources", ","], "source"),
        (["--sources", "commons"], "--contact"),
        (["--endpoint", "commons"], "NAME=URL"),
        (["--endpoint", "commons=ftp://x"], "NAME=URL"),
        (["--contact", "a(b"], "contact"),
    ],
)
def test_calls_that_cannot_work(call, tmp_path, words, said):
    code, out, err = call("pear", "--to", tmp_path / "out", *words)
    assert (code, out) == (2, "") and said in err
    assert not (tmp_path / "out").exists()


def test_without_a_contact_commons_is_left_out_and_said(call, world, tmp_path):
    with serving(world):
        code, out, err = call("pear", "--to", tmp_path / "out", *endpoints(world))
        assert not world.asked("/w/api.php")
    assert code == 0 and "commons is left out" in err and "FRUITS_CONTACT" in err
    assert "1 inaturalist, 1 openverse" in out


def test_a_source_that_does_not_answer_is_exit_code_1(call, world, tmp_path):
    world.trouble["/v1/images/"] = [{"status": 400}]
    with serving(world):
        code, out, err = call("pear", "--to", tmp_path / "out", "--sources", "inaturalist,openverse", *endpoints(world))
    assert code == 1 and "openverse was given up" in err and "400" in err
    assert out.startswith("pear: 1 of 100")


def test_a_species_without_any_photo_is_exit_code_1(call, world, tmp_path):
    with serving(world):
        words = ["carrot", "--to", tmp_path / "out", "--sources", "inaturalist,openverse", *endpoints(world)]
        code, out, _ = call(*words)
    assert code == 1
    assert out.startswith("carrot: 0 of 100; inaturalist not asked: photos there show the plant")


def test_a_folder_that_is_a_file(call, tmp_path):
    (tmp_path / "out").write_text("")
    code, _, err = call("pear", "--to", tmp_path / "out", "--sources", "inaturalist")
    assert code == 1 and str(tmp_path / "out") in err


def test_wrong_calls_leave_with_2():
    assert WrongCallError("x").exit_code == 2
