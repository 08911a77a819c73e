"""A bundle is checked before it is used; the registry promotes and rolls back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest

from fruits.engine.bundle import LARGEST, BundleError, card_path, load_bundle, read_card, released
from fruits.engine.registry import Registry, compare


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A second version of the released bundle, named ``second``."""
    path = tmp_path / "given" / "second.onnx"
    path.parent.mkdir()
    shutil.copy(released(), path)
    card = json.loads(card_path(released()).read_text())
    card_path(path).write_text(json.dumps(card | {"name": "second"}))
    return path


def change(path: Path, **fields: object) -> None:
    card = json.loads(card_path(path).read_text())
    card_path(path).write_text(json.dumps(card | fields))


def test_the_released_one_is_whole_and_small() -> None:
    bundle = load_bundle()
    assert len(bundle.graph) <= LARGEST
    assert bundle.card.raw["bytes"] == len(bundle.graph)
    assert bundle.card.name == released().stem


def test_its_operators_are_plain() -> None:
    """Operators of the standard set only: what onnxruntime-web's WebAssembly has."""
    model = onnx.load(released())
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx"}
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}


def test_a_truncated_file_is_refused_by_name(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-1000])
    with pytest.raises(BundleError, match=r"second\.onnx is damaged or of another version: it has .* of .* bytes"):
        load_bundle(copy)


def test_a_wrong_hash_is_refused_by_name(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    with pytest.raises(BundleError, match=r"second\.onnx is damaged .* its hash differs"):
        load_bundle(copy)


def test_another_format_is_refused_by_name(copy: Path) -> None:
    change(copy, format=99)
    with pytest.raises(BundleError, match=r"second\.onnx has the format 99, this program reads 1"):
        load_bundle(copy)


def test_a_missing_or_broken_card_is_refused(copy: Path) -> None:
    card_path(copy).write_text("{")
    with pytest.raises(BundleError, match=r"second\.json cannot be read"):
        load_bundle(copy)
    card_path(copy).unlink()
    with pytest.raises(BundleError, match="lacks its card"):
        load_bundle(copy)
    with pytest.raises(BundleError, match=r"There is no bundle .*nowhere\.onnx"):
        load_bundle(copy.with_name("nowhere.onnx"))


def test_promote_and_roll_back(copy: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    assert registry.current() == released()
    kept = registry.use(str(copy))
    assert kept == tmp_path / "models" / "second.onnx"
    assert registry.current() == kept
    assert [(entry.card.name, entry.in_use) for entry in registry.entries()] == [
        (released().stem, False),
        ("second", True),
    ]
    registry.use(released().stem)
    assert registry.current() == released()
    assert registry.roll_back() == kept
    assert registry.roll_back() == released()
    with pytest.raises(BundleError, match="Nothing was promoted"):
        registry.roll_back()


def test_a_damaged_bundle_is_not_promoted(copy: Path, tmp_path: Path) -> None:
    copy.write_bytes(b"nothing")
    registry = Registry(tmp_path / "models")
    with pytest.raises(BundleError, match="damaged"):
        registry.use(str(copy))
    assert registry.current() == released()


def test_an_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=f"There is no bundle 'thrid'; there are {released().stem}"):
        Registry(tmp_path).find("thrid")


def test_compare_lines_up_measures(copy: Path) -> None:
    change(copy, measures={"wild": {"top1": 0.5}})
    lines = {name: (left, right) for name, left, right in compare(read_card(copy), read_card(released()))}
    assert lines["wild: top1"][0] == 0.5
    assert lines["species"][0] == lines["species"][1]
