import threading
from pathlib import Path

import numpy as np
import pytest
import zoo_graphs
from onnx import TensorProto, helper
from PIL import Image
from plain_images import plain_images

from fruits.vision import embedder as module
from fruits.vision.backbones import IMAGENET, load_backbone
from fruits.vision.embedder import Embedder, EmbeddingError
from fruits.vision.errors import VisionError
from fruits.vision.feed import FeedSettings
from fruits.vision.prepare import prepare

# Embeddings of plain_images(6) by the float32 torch model: embeddings(load_network(), plain_images(6)) of
# fruits.training.convert_efficientnet_lite0.
TORCH = np.load(Path(__file__).with_name("efficientnet_lite0_torch.npy"))


@pytest.fixture(scope="module")
def default():
    return Embedder(load_backbone(IMAGENET, None).graph)


@pytest.fixture
def small():
    return Embedder(prepare(zoo_graphs.average(), FeedSettings(16, "embedding")).graph)


def cosines(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def test_default_agrees_with_the_float32_torch_model(default):
    ours = default.embed(plain_images(len(TORCH)))
    assert ours.dtype == np.float32
    assert cosines(ours, TORCH).min() >= 0.9999


def test_default_is_fed_rgb_and_not_bgr(default):
    assert cosines(default.embed(plain_images(6)[..., ::-1]), TORCH).min() < 0.99


def test_an_embedding_does_not_depend_on_its_batch(default):
    images = plain_images(6)
    together = default.embed(images)
    alone = np.concatenate([default.embed(images[i : i + 1]) for i in range(6)])
    backwards = default.embed(images[::-1])[::-1]
    assert cosines(together, alone).min() > 0.99999
    assert cosines(together, backwards).min() > 0.99999


def test_same_pixels_same_bits(default):
    images = plain_images(5)
    again = Embedder(load_backbone(IMAGENET, None).graph)
    assert default.embed(images).tobytes() == default.embed(images).tobytes() == again.embed(images).tobytes()


@pytest.mark.parametrize("count", [0, 1, module.BATCH, module.BATCH + 1, 3 * module.BATCH + 2])
def test_any_number_of_images_in_their_order(small, count):
    images = np.random.default_rng(count).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
    embeddings = small.embed(images)
    assert embeddings.shape == (count, 3)
    np.testing.assert_allclose(embeddings, images.mean(axis=(1, 2)), rtol=1e-5)


def test_views_that_are_not_contiguous_are_read_as_they_look(small):
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(small.embed(images[:, ::-1, ::-1]), small.embed(images[:, ::-1, ::-1].copy()))


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 16, 16, 3), np.float32),
        np.zeros((2, 16, 16, 4), np.uint8),
        np.zeros((2, 15, 16, 3), np.uint8),
        np.zeros((16, 16, 3), np.uint8),
        np.zeros((2, 3, 16, 16), np.uint8),
    ],
)
def test_other_shapes_and_types_are_refused(small, images):
    with pytest.raises(EmbeddingError, match=r"must be uint8 \[n, 16, 16, 3\]"):
        small.embed(images)


def test_numbers_that_are_not_finite_are_an_error_and_name_the_image():
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Log", ["mean"], ["embedding"]),
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 16, 16, 3])]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3])]
    logarithm = Embedder(zoo_graphs.model(nodes, inputs, outputs, [], opset=13, ir_version=8))
    images = np.full((7, 16, 16, 3), 9, np.uint8)
    images[5] = 0
    assert logarithm.embed(images[:5]).shape == (5, 3)
    with pytest.raises(EmbeddingError, match="image 6 of 7"):
        logarithm.embed(images)


@pytest.mark.parametrize("graph", [b"", b"not a graph", zoo_graphs.average(), zoo_graphs.resnet50()])
def test_what_is_no_prepared_graph_is_refused(graph):
    with pytest.raises(EmbeddingError, match=r"not a prepared backbone|cannot load") as caught:
        Embedder(graph)
    assert isinstance(caught.value, VisionError)
    assert "\n" not in str(caught.value)


def test_threads_are_at_least_one_and_more_give_the_same_embeddings(default):
    with pytest.raises(EmbeddingError, match="at least 1"):
        Embedder(load_backbone(IMAGENET, None).graph, threads=0)
    two = Embedder(load_backbone(IMAGENET, None).graph, threads=2)
    assert cosines(two.embed(plain_images(6)), TORCH).min() >= 0.9999


def test_one_embedder_may_serve_several_threads(small):
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    expected, answers = small.embed(images), []
    threads = [threading.Thread(target=lambda: answers.append(small.embed(images))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all((answer == expected).all() for answer in answers)


def test_real_fruits_of_one_kind_lie_together(default, fruits_data):
    labels = ["Banana 1", "Lemon 1", "Pineapple 1", "Strawberry 1", "Apple Granny Smith 1"]
    folders = [fruits_data / "fruits-360" / "Test" / label for label in labels]
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:5]]
    images = np.stack([np.asarray(Image.open(path).convert("RGB").resize((224, 224))) for path in paths])
    embeddings = default.embed(images)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    likeness = unit @ unit.T - 2 * np.eye(len(paths))
    kind = np.repeat(np.arange(len(labels)), 5)
    assert (kind[likeness.argmax(axis=1)] == kind).mean() >= 0.9
