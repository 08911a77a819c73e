"""Turns a classifier's ONNX file into a backbone: uint8 pixels in, embeddings out, any number of images at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fruits.vision import graphs
from fruits.vision.embedder import EmbeddingError, open_session
from fruits.vision.feed import FeedSettings, PrepareError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto
    from onnxruntime import InferenceSession

# From IR version 4 on, initialisers are constants unless listed as inputs, so ONNX Runtime may fold them.
IR_VERSION = 8
LEAST_OPSET = 7


@dataclass(frozen=True)
class Prepared:
    """graph: ONNX bytes from ``image`` uint8 [n, size, size, 3] RGB to ``embedding`` float32 [n, dimensions]."""

    graph: bytes
    dimensions: int


def prepare(source: bytes, settings: FeedSettings) -> Prepared:
    """Cut the network at its embedding, put the preprocessing inside, free the batch, and check it by running it.

    source: an ONNX file of operator set 7 or newer, its weights inside. Raises ``PrepareError``.
    """
    model = _parse(source)
    graph = model.graph
    _know_tensor(graph, settings.tensor)
    graphs.drop_weights_from_inputs(graph)
    graphs.forget_shapes(graph)
    graphs.cut(graph, settings.tensor)
    names = {name: f"fruits/source_{name}" for name in ("image", "embedding")}
    graphs.rename(graph, names)
    entry = _only_input(graph)
    kind, batch = _check_input(entry, settings)
    if batch:
        graphs.free_reshapes(graph, entry.name, batch)
    _feed(graph, entry.name, kind, settings)
    model.ir_version = max(model.ir_version, IR_VERSION)
    dimensions = _finish(model, settings, names.get(settings.tensor, settings.tensor))
    prepared = _serialise(model)
    _verify(prepared, settings.size)
    return Prepared(prepared, dimensions)


def _parse(source: bytes) -> ModelProto:
    """The file as a message, after refusing what cannot be worked on."""
    try:
        model = onnx.load_model_from_string(source)
    except Exception as cause:  # protobuf's DecodeError, which has no stubs
        raise PrepareError("This is not an ONNX file, or it is cut short.") from cause
    # Protocol buffers read many a text without complaint, as fields that nobody knows.
    if not model.graph.node or not model.opset_import:
        raise PrepareError("This is not an ONNX file: it holds no network.")
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset < LEAST_OPSET:
        raise PrepareError(
            f"The file uses operator set {opset}; {LEAST_OPSET} or newer is needed: export the network again."
        )
    place = graphs.external_file(model.graph)
    if place is not None:
        raise PrepareError(
            f"The network keeps weights in a file of its own ({place}), which is not supported: save it again as one "
            "file, onnx.save(onnx.load(PATH), OUT)."
        )
    return model


def _know_tensor(graph: GraphProto, tensor: str) -> None:
    names = [name for node in graph.node for name in node.output if name]
    if tensor in names:
        return
    close = difflib.get_close_matches(tensor, names, n=5, cutoff=0.5)
    hint = f"Close to it: {', '.join(close)}." if close else f"The last ones: {', '.join(names[-5:])}."
    raise PrepareError(f"The network has no tensor named {tensor!r}. {hint}")


def _only_input(graph: GraphProto) -> ValueInfoProto:
    if len(graph.input) != 1:
        names = ", ".join(entry.name for entry in graph.input) or "none"
        raise PrepareError(f"The embedding must be made from one input, the image; it is made from: {names}.")
    entry: ValueInfoProto = graph.input[0]
    return entry


def _check_input(entry: ValueInfoProto, settings: FeedSettings) -> tuple[int, int]:
    """The input's element type, and the batch size that the file fixes (0: none)."""
    tensor = entry.type.tensor_type
    if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
        raise PrepareError(f"The network takes {kind} where float or float16 is needed.")
    if not tensor.HasField("shape"):
        return tensor.elem_type, 0
    shape = [dim.dim_value for dim in tensor.shape.dim]
    side = settings.size
    wanted = [3, side, side] if settings.layout == "NCHW" else [side, side, 3]
    if len(shape) != 4 or any(have not in (0, want) for have, want in zip(shape[1:], wanted, strict=True)):
        raise PrepareError(
            f"The network takes images of shape {shape[1:]} (0: any), but the layout {settings.layout} and the size "
            f"{side} make {wanted}: correct the layout or the size."
        )
    return tensor.elem_type, shape[0]


def _feed(graph: GraphProto, entry: str, kind: int, settings: FeedSettings) -> None:
    """Put before the network's input what makes it from uint8 [n, size, size, 3] RGB."""
    per_channel = (1, 3, 1, 1) if settings.layout == "NCHW" else (3,)
    nodes: list[NodeProto] = []

    def step(operator: str, *inputs: str, out: str | None = None, **attributes: Any) -> None:  # noqa: ANN401 - as in ONNX
        given = nodes[-1].output[0] if nodes else "image"
        made = out or f"fruits/feed_{len(nodes)}"
        nodes.append(helper.make_node(operator, [given, *inputs], [made], name=made, **attributes))

    def constant(name: str, value: NDArray[np.generic]) -> str:
        graph.initializer.append(numpy_helper.from_array(value, f"fruits/{name}"))
        return f"fruits/{name}"

    if settings.channels == "BGR":
        step("Gather", constant("bgr", np.array([2, 1, 0], np.int64)), axis=3)
    if settings.layout == "NCHW":  # while a pixel has three bytes and not twelve
        step("Transpose", perm=[0, 3, 1, 2])
    step("Cast", to=TensorProto.FLOAT)
    shift = np.asarray(settings.mean, np.float64) / settings.scale
    factor = settings.scale / np.asarray(settings.std, np.float64)
    step("Sub", constant("shift", shift.astype(np.float32).reshape(per_channel)))
    step("Mul", constant("factor", factor.astype(np.float32).reshape(per_channel)))
    step("Cast", out=entry, to=kind)

    network = list(graph.node)
    del graph.node[:], graph.input[:]
    graph.node.extend([*nodes, *network])
    shape: list[str | int | None] = ["n", settings.size, settings.size, 3]
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, shape))


def _finish(model: ModelProto, settings: FeedSettings, tensor: str) -> int:
    """Make the tensor the one output, float32 and flat; returns its length, found by running one image."""
    graph = model.graph
    graph.node.append(helper.make_node("Cast", [tensor], ["fruits/raw"], to=TensorProto.FLOAT))
    graph.output.append(helper.make_tensor_value_info("fruits/raw", TensorProto.FLOAT, None))
    shape = list(_run(_open(model), np.zeros((1, settings.size, settings.size, 3), np.uint8)).shape)
    if len(shape) not in (2, 4) or shape[0] != 1 or max(shape[1:]) != np.prod(shape[1:]):
        raise PrepareError(
            f"The tensor {settings.tensor!r} has the shape {shape} for one image, but an embedding is [n, d], "
            "[n, d, 1, 1] or [n, 1, 1, d]: choose the tensor after the global average."
        )
    dimensions = int(max(shape[1:]))
    del graph.output[:]
    graph.node.append(helper.make_node("Flatten", ["fruits/raw"], ["embedding"], axis=1))
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", dimensions])
    graph.output.append(output)
    return dimensions


def _serialise(model: ModelProto) -> bytes:
    try:
        return bytes(model.SerializeToString(deterministic=True))
    except Exception as cause:  # protobuf's EncodeError or ValueError
        raise PrepareError("The network is larger than the 2 GB that one ONNX file can hold.") from cause


def _open(model: ModelProto) -> InferenceSession:
    try:
        return open_session(_serialise(model))
    except EmbeddingError as cause:
        raise PrepareError(f"The network cannot be used: {cause}") from cause


def _run(session: InferenceSession, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    try:
        answer: NDArray[np.float32] = session.run(None, {"image": images})[0]
    except Exception as cause:  # ONNX Runtime's errors share no other base
        reason = " ".join(str(cause).split())
        raise PrepareError(f"The network does not run on a batch of {len(images)}: {reason}") from cause
    return answer


def _verify(graph: bytes, size: int) -> None:
    """One image gives the same embedding alone and among three, different images different ones, all of it finite."""
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    session = open_session(graph)
    alone = np.concatenate([_run(session, images[index : index + 1]) for index in range(3)])
    together = _run(session, images)
    if not np.isfinite(alone).all():
        raise PrepareError("The network gives numbers that are not finite: check its mean, deviation and scale.")
    largest = float(np.abs(alone).max())
    if together.shape != alone.shape or not np.allclose(together, alone, rtol=1e-3, atol=1e-4 * largest):
        raise PrepareError(
            "The network mixes the images of a batch: its batch is fixed inside. Export it with a free one."
        )
    if np.abs(alone[0] - alone[1]).max() <= 1e-6 * largest:
        raise PrepareError("The tensor does not depend on the image, so it is no embedding.")
