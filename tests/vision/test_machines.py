"""The shipped models must give the same embeddings on every machine: natively, on an older processor, in a browser."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from plain_images import plain_images

from fruits.vision.backbones import PACKAGED, load_backbone
from fruits.vision.embedder import Embedder

pytestmark = pytest.mark.machine

LEAST_COSINE = 0.999
COUNT = 2

EMBED = """
import sys
import numpy
from fruits.vision.embedder import Embedder
images = numpy.load(sys.argv[2])
numpy.save(sys.argv[3], Embedder(open(sys.argv[1], "rb").read()).embed(images))
"""


@pytest.fixture(scope="module", params=PACKAGED)
def backbone(request):
    return load_backbone(request.param, None)


@pytest.fixture(scope="module")
def work(backbone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    (folder / "graph.onnx").write_bytes(backbone.graph)
    return folder


def images_of(request):
    """A drawn image and a real one; two drawn ones where the real ones are not there."""
    drawn = plain_images(COUNT)
    try:
        data = request.getfixturevalue("fruits_data")
    except pytest.skip.Exception:
        return drawn
    photo = Image.open(min(data.glob("fruits-360/Test/Strawberry 1/*.jpg"))).convert("RGB").resize((224, 224))
    return np.stack([drawn[0], np.asarray(photo)])


def assert_same(name, native, other):
    a, b = native.astype(np.float64), other.astype(np.float64)
    cosines = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    print(f"{name}: cosine {cosines.min():.9f} at least, largest difference {np.abs(a - b).max():.2e}")  # noqa: T201 - shown by pytest -s
    assert native.shape == other.shape
    assert cosines.min() >= LEAST_COSINE


def test_a_processor_without_avx512_gives_the_same_embeddings(backbone, work, request):
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("qemu-x86_64 is not installed")
    images = images_of(request)
    np.save(work / "images.npy", images)
    command = [emulator, "-cpu", "Haswell", sys.executable, "-c", EMBED, "graph.onnx", "images.npy", "out.npy"]
    done = subprocess.run(command, check=False, cwd=work, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_same("Haswell", Embedder(backbone.graph).embed(images), np.load(work / "out.npy"))


def test_a_browsers_runtime_gives_the_same_embeddings(backbone, work, request, onnxruntime_web):
    images = images_of(request)
    (work / "pixels").write_bytes(images.tobytes())
    script = Path(__file__).with_name("embed_in_wasm.mjs")
    command = ["node", str(script), str(onnxruntime_web), "graph.onnx", "pixels", str(backbone.size), "out"]
    done = subprocess.run(command, check=False, cwd=work, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = np.frombuffer((work / "out").read_bytes(), np.float32).reshape(COUNT, backbone.dimensions)
    assert_same("onnxruntime-web", Embedder(backbone.graph).embed(images), answer)
