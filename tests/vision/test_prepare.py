import numpy as np
import onnx
import onnxruntime
import pytest
import zoo_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from fruits.vision.backbones import ZOO
from fruits.vision.embedder import Embedder
from fruits.vision.feed import FeedSettings, PrepareError
from fruits.vision.prepare import prepare

ZOO_GRAPHS = {
    "mobilenetv2": zoo_graphs.mobilenetv2,
    "resnet50": zoo_graphs.resnet50,
    "efficientnet-lite4": zoo_graphs.efficientnet_lite4,
}


def pixels(count, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def fed(images, feed):
    """NumPy's word on what the network is given."""
    if feed.channels == "BGR":
        images = images[..., ::-1]
    scaled = (images.astype(np.float64) * feed.scale - np.array(feed.mean)) / np.array(feed.std)
    return scaled.transpose(0, 3, 1, 2) if feed.layout == "NCHW" else scaled


@pytest.mark.parametrize("name", ZOO_GRAPHS)
def test_zoo_like_graphs_give_what_the_source_gives_up_to_its_embedding(name):
    source, feed = ZOO_GRAPHS[name](), ZOO[name].settings
    prepared = prepare(source, feed)
    images = pixels(3, 224)
    ours = Embedder(prepared.graph).embed(images)
    whole = zoo_graphs.loaded(source)
    whole.graph.output.append(helper.make_tensor_value_info(feed.tensor, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name
    theirs = [session.run([feed.tensor], {entry: fed(images[i : i + 1], feed).astype(np.float32)})[0] for i in range(3)]
    assert prepared.dimensions == ZOO[name].dimensions == ours.shape[1]
    np.testing.assert_allclose(ours, np.concatenate(theirs).reshape(3, -1), rtol=1e-4, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    mean=st.tuples(*[st.floats(-200, 200)] * 3),
    std=st.tuples(*[st.floats(0.1, 200)] * 3),
    scale=st.sampled_from([1.0, 1 / 255, 2.0]),
    layout=st.sampled_from(["NCHW", "NHWC"]),
    channels=st.sampled_from(["RGB", "BGR"]),
)
def test_preprocessing_equals_numpy(mean, std, scale, layout, channels):
    feed = FeedSettings(16, "embedding", mean, std, scale, layout, channels)
    graph = prepare(zoo_graphs.average(layout=layout), feed).graph
    images = pixels(2, 16)
    expected = fed(images, feed).mean(axis=(2, 3) if layout == "NCHW" else (1, 2))
    unit = scale * 255 / min(std) + max(map(abs, mean)) / min(std)
    np.testing.assert_allclose(Embedder(graph).embed(images), expected, rtol=0, atol=2e-6 * unit)


def test_float16_network_is_fed_float16_and_answers_float32():
    graph = prepare(zoo_graphs.average(element=TensorProto.FLOAT16), FeedSettings(16, "embedding", scale=1 / 255)).graph
    images = pixels(2, 16)
    np.testing.assert_allclose(Embedder(graph).embed(images), images.mean(axis=(1, 2)) / 255, atol=2e-3)


@pytest.mark.parametrize("name", ZOO_GRAPHS)
def test_head_and_old_habits_are_gone(name):
    graph = zoo_graphs.loaded(prepare(ZOO_GRAPHS[name](), ZOO[name].settings).graph)
    onnx.checker.check_model(graph)
    assert [entry.name for entry in graph.graph.input] == ["image"]
    assert [entry.name for entry in graph.graph.output] == ["embedding"]
    assert not {"head", "bias"} & {weight.name for weight in graph.graph.initializer}
    assert not {"Gemm", "MatMul", "Softmax"} & {node.op_type for node in graph.graph.node}
    assert graph.ir_version >= 4
    assert not graph.graph.value_info


def test_same_source_gives_same_bytes():
    first, second = (prepare(zoo_graphs.resnet50(), ZOO["resnet50"].settings).graph for _ in range(2))
    assert first == second


def test_batch_of_four_in_the_file_is_freed():
    source = zoo_graphs.average(batch=4)
    assert Embedder(prepare(source, FeedSettings(16, "embedding")).graph).embed(pixels(5, 16)).shape == (5, 3)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "no network"),
        (b"<!doctype html><html><body>404</body></html>", "not an ONNX file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an ONNX file"),
        (zoo_graphs.mobilenetv2()[:2000], "not an ONNX file"),
    ],
)
def test_what_is_not_onnx_is_said_to_be_so(source, words):
    with pytest.raises(PrepareError, match=words):
        prepare(source, FeedSettings(224, "464"))


def test_unknown_tensor_suggests_its_neighbours():
    with pytest.raises(PrepareError, match="resnetv24_pool1_fwd"):
        prepare(zoo_graphs.resnet50(), FeedSettings(224, "resnetv24_pool0_fwd"))
    with pytest.raises(PrepareError, match=r"The last ones: .*output"):
        prepare(zoo_graphs.mobilenetv2(), FeedSettings(224, "no such thing"))


def test_a_map_is_no_embedding():
    with pytest.raises(PrepareError, match=r"\[1, 1280, 7, 7\].*after the global average"):
        prepare(zoo_graphs.efficientnet_lite4(), FeedSettings(224, "relu6", layout="NHWC"))


def test_wrong_layout_or_size_is_refused_before_anything_runs():
    with pytest.raises(PrepareError, match="correct the layout or the size"):
        prepare(zoo_graphs.mobilenetv2(), FeedSettings(224, "464", layout="NHWC"))
    with pytest.raises(PrepareError, match="correct the layout or the size"):
        prepare(zoo_graphs.mobilenetv2(), FeedSettings(192, "464"))


def test_old_operator_set_and_external_weights_are_refused():
    old = zoo_graphs.loaded(zoo_graphs.average())
    old.opset_import[0].version = 6
    with pytest.raises(PrepareError, match="operator set 6"):
        prepare(old.SerializeToString(), FeedSettings(16, "embedding"))
    outside = zoo_graphs.loaded(zoo_graphs.mobilenetv2())
    weight = outside.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="weights.bin")
    with pytest.raises(PrepareError, match=r"weights\.bin.*save it again as one file"):
        prepare(outside.SerializeToString(), FeedSettings(224, "464"))


def network(*nodes, weights=(), inputs=("x",)):
    entries = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 16, 16]) for name in inputs]
    outputs = [helper.make_tensor_value_info("e", TensorProto.FLOAT, None)]
    return zoo_graphs.model(list(nodes), entries, outputs, list(weights), opset=13, ir_version=8)


def reshape_to(*shape):
    return numpy_helper.from_array(np.array(shape, np.int64), "shape")


REFUSED = {
    "does not run on a batch of 3": network(
        helper.make_node("Reshape", ["x", "shape"], ["e"]), weights=[reshape_to(1, 768)]
    ),
    "mixes the images": network(
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[0, 2, 3], keepdims=1),
        helper.make_node("GlobalAveragePool", ["x"], ["g"]),
        helper.make_node("Add", ["g", "m"], ["e"]),
    ),
    "does not depend on the image": network(
        helper.make_node("Sub", ["x", "x"], ["d"]), helper.make_node("GlobalAveragePool", ["d"], ["e"])
    ),
    "not finite": network(
        helper.make_node("GlobalAveragePool", ["x"], ["g"]),
        helper.make_node("Neg", ["g"], ["h"]),
        helper.make_node("Log", ["h"], ["e"]),
    ),
    "made from: x, y": network(
        helper.make_node("Add", ["x", "y"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["e"]),
        inputs=("x", "y"),
    ),
    "cannot be used": network(helper.make_node("NoSuchOperator", ["x"], ["e"])),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_network_that_would_lie_is_refused(words):
    with pytest.raises(PrepareError, match=words):
        prepare(REFUSED[words], FeedSettings(16, "e"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"std": (1.0, 0.0, 1.0)},
        {"scale": 0.0},
        {"mean": (float("nan"), 0.0, 0.0)},
        {"mean": (1.0,)},
        {"size": 8},
        {"layout": "CHWN"},
        {"channels": "YUV"},
    ],
)
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(PrepareError):
        FeedSettings(**{"size": 224, "tensor": "x", **wrong})
