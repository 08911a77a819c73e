"""The answer does not depend on the machine: natively, on an older processor, in a browser's runtime."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fruits.engine import Recogniser, load_bundle

pytestmark = pytest.mark.machine

WITHIN = 0.02
COUNT = 6
HERE = Path(__file__).parent

ANSWER = """
import json, sys
import numpy
from fruits.engine import Recogniser
names = ["species", "produce", "sure"]
values = Recogniser.load()._session.run(names, {"pixels": numpy.load(sys.argv[1])})
json.dump(dict(zip(names, [each.ravel().tolist() for each in values])), open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def pixels(samples: Path, request: pytest.FixtureRequest) -> np.ndarray:
    """Drawn photos, and real ones where they are there: uint8 [n, size, size, 3]."""
    paths = sorted(samples.rglob("*.jpg"))[:: 120 // COUNT][:COUNT]
    try:
        data = request.getfixturevalue("fruits_data")
        paths[COUNT // 2 :] = sorted((data / "grocery-store" / "val").rglob("*.jpg"))[::100][: COUNT - COUNT // 2]
    except pytest.skip.Exception:
        pass
    size = load_bundle().card.size
    photos = [Image.open(path).convert("RGB").resize((size, size), Image.Resampling.BICUBIC) for path in paths]
    return np.stack([np.asarray(photo) for photo in photos])


def assert_same(pixels: np.ndarray, other: dict[str, list[float]]) -> None:
    names = ["species", "produce", "sure"]
    native = dict(zip(names, Recogniser.load()._session.run(names, {"pixels": pixels}), strict=True))
    species = np.array(other["species"]).reshape(len(pixels), -1)
    assert (species.argmax(1) == native["species"].argmax(1)).all()
    for name in names:
        assert np.abs(np.array(other[name]).reshape(native[name].shape) - native[name]).max() < WITHIN, name


def test_a_processor_without_avx512_gives_the_same_answer(pixels: np.ndarray, tmp_path: Path) -> None:
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("qemu-x86_64 is not installed")
    np.save(tmp_path / "pixels.npy", pixels)
    command = [emulator, "-cpu", "Haswell", sys.executable, "-c", ANSWER, "pixels.npy", "out.json"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_same(pixels, json.loads((tmp_path / "out.json").read_text()))


def test_a_browsers_runtime_gives_the_same_answer(pixels: np.ndarray, tmp_path: Path, onnxruntime_web: Path) -> None:
    bundle = load_bundle()
    (tmp_path / "graph.onnx").write_bytes(bundle.graph)
    (tmp_path / "pixels").write_bytes(pixels.tobytes())
    script = HERE / "answer_in_wasm.mjs"
    size = str(bundle.card.size)
    command = ["node", str(script), str(onnxruntime_web), "graph.onnx", "pixels", size, "out.json"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_same(pixels, json.loads((tmp_path / "out.json").read_text()))
