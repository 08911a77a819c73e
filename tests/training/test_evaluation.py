"""The released bundle measured on drawn and on real photos; the page stands alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from fruits.cli import main
from fruits.engine import Recogniser
from fruits.training.errors import TrainingError
from fruits.training.evaluation import evaluate, examples_of
from fruits.training.evaluation_page import render


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per species: discs in plausible colours, and one file that is no picture."""
    place = tmp_path_factory.mktemp("photos")
    for species, colour in (("banana", (240, 210, 40)), ("tomato", (200, 30, 20)), ("durian", (120, 130, 40))):
        (place / species).mkdir()
        for shade in (0, 20):
            picture = Image.new("RGB", (90, 70), "white")
            picture.paste(tuple(max(0, value - shade) for value in colour), (20, 10, 70, 60))
            picture.save(place / species / f"{shade}.png")
    (place / "tomato" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more than this, alas")
    return place


def test_a_folder_per_species(folder: Path) -> None:
    evaluation = evaluate(Recogniser.load(), examples_of(folder, None), threads=2)
    [entry] = evaluation.as_dict()["sets"].values()
    assert entry["photos"] == 4, "durian is no species of the bundle"
    assert entry["species the model cannot say"] == ["durian"]
    assert entry["refused"] == 1
    assert (entry["kind"], entry["seen in training"]) == ("wild", False)
    page = render(evaluation)
    assert page.startswith("<!doctype html>")
    assert "http" not in page.replace("http-equiv", "")
    wrong = [each for each in evaluation.worst() if each.example.species != "durian"]
    assert page.count("data:image/jpeg") == len(evaluation.worst()) >= len(wrong)


def test_a_table_of_paths(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("path,species\nbanana/0.png,banana\ntomato/0.png,tomato\n")
    page = tmp_path / "page.html"
    command = ["evaluate", "fruits-2", "--data", str(folder), "--labels", str(labels), "--page", str(page), "--json"]
    assert main(command) == 0
    [entry] = json.loads(capsys.readouterr().out)["sets"].values()
    assert entry["photos"] == 2
    assert page.read_text().startswith("<!doctype html>")


def test_what_cannot_be_measured_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TrainingError, match="holds no photos"):
        examples_of(tmp_path, None)
    (tmp_path / "labels.csv").write_text("file,kind\n")
    assert main(["evaluate", "fruits-2", "--data", str(tmp_path), "--labels", str(tmp_path / "none.csv")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_unseen_shop_photos(fruits_data: Path) -> None:
    """Well below what the card claims, so that only a broken bundle fails."""
    shop = [each for each in examples_of(fruits_data, None) if each.source == "grocery-store"][::3]
    measures = evaluate(Recogniser.load(), shop, threads=2)
    found = measures.measures(measures.answers)
    assert found.top1 is not None
    assert found.top1 > 0.75
    assert found.top5 is not None
    assert found.top5 > 0.9
