"""MobileNetV2's own graph with random weights, fp32: the yardstick's network on our runtime.

Architecture: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2; batch
normalisation counts as folded into the convolutions. Speed does not depend on the weights; embeddings do.

    python bench/mobilenetv2.py FILE.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class Graph:
    """Nodes and weights, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)
        for name, value in (("zero", 0.0), ("six", 6.0)):
            self.weights.append(numpy_helper.from_array(np.float32(value).reshape(()), name))

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """Add a node and return the name of its output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, x: str, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> str:
        """Add a convolution with Kaiming-normal weights."""
        shape = (outputs, inputs // groups, kernel, kernel)
        spread = np.sqrt(2 / (shape[1] * kernel * kernel))
        weights = self._random.normal(scale=spread, size=shape).astype(np.float32)
        name = f"w{len(self.weights)}"
        self.weights += [
            numpy_helper.from_array(weights, name),
            numpy_helper.from_array(np.zeros(outputs, np.float32), f"{name}b"),
        ]
        pads = [kernel // 2] * 4
        sizes = {"kernel_shape": [kernel, kernel], "strides": [stride, stride], "pads": pads, "group": groups}
        return self.add("Conv", [x, name, f"{name}b"], **sizes)

    def relu6(self, x: str) -> str:
        """Add min(max(x, 0), 6)."""
        return self.add("Clip", [x, "zero", "six"])


def build() -> onnx.ModelProto:
    """Return the network from float32 [n, 3, 224, 224] to ``embedding`` [n, 1280, 1, 1]."""
    graph = Graph()
    x, channels = graph.relu6(graph.conv("image", 3, 32, 3, 2)), 32
    for expansion, outputs, repeats, stride in BLOCKS:
        for i in range(repeats):
            step, wide, y = (stride if i == 0 else 1), channels * expansion, x
            if expansion != 1:
                y = graph.relu6(graph.conv(y, channels, wide))
            y = graph.relu6(graph.conv(y, wide, wide, 3, step, wide))
            y = graph.conv(y, wide, outputs)
            x = graph.add("Add", [x, y]) if step == 1 and channels == outputs else y
            channels = outputs
    x = graph.add("GlobalAveragePool", [graph.relu6(graph.conv(x, channels, 1280))])
    graph.nodes[-1].output[0] = "embedding"
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 224, 224])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 1280, 1, 1])
    body = helper.make_graph(graph.nodes, "mobilenetv2", [image], [embedding], graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(build().SerializeToString())
