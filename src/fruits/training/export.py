"""From the trained network to the bundle's graph: int8 backbone, float heads, calibration, all inside one ONNX file.

Operators are plain ones, so that onnxruntime-web's WebAssembly runs the file as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from fruits.training.convert_efficientnet_lite0 import DIMENSIONS, convert
from fruits.training.errors import TrainingError
from fruits.training.network import Classes, Recognition
from fruits.training.pixels import Pixels
from fruits.training.quantise_efficientnet_lite0 import quantise

LEAST_PROBABILITY = 1e-6
LARGEST_LOGIT = 30.0


@dataclass(frozen=True)
class Calibration:
    """Numbers found on photos of sources that the network had not seen.

    temperature, variety_temperature: logits are divided by them. sure: bias and weights of the logistic regression
    that says how likely the first species is right, from its log odds, the logarithm of its lead over the second, and
    the log odds of produce. sure_at, produce_at, variety_at: thresholds, 0 to 1.
    """

    temperature: float = 1.0
    variety_temperature: float = 1.0
    sure: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 0.0)
    sure_at: float = 0.8
    produce_at: float = 0.5
    variety_at: float = 0.6


def export(network: Recognition, classes: Classes, size: int, images: Pixels, calibration: Calibration) -> bytes:
    """The bundle's ONNX bytes; the same weights and images give the same bytes.

    images: photos uint8 [n, size, size, 3] on which the ranges of the activations are measured.
    """
    # A stem in float differs in the last bit between processors, and whole steps of later layers follow from it.
    backbone = convert(network.backbone, size)
    model = onnx.load_from_string(quantise(backbone, images, in_float=(), full_depthwise=True, together=True))
    feed_bytes(model.graph)
    _rename(model.graph, "image", "pixels")
    heads = _Heads(classes, calibration)
    heads.add(network)
    model.graph.node.extend(heads.nodes)
    model.graph.initializer.extend(heads.weights)
    count = {"species": len(classes.species), "variety": len(classes.varieties)}
    for name, width in count.items():
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width]))
    for name in ("produce", "sure"):
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]))
    model.graph.name = "fruits"
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


class _Heads:
    """Nodes from ``embedding`` to the four other outputs."""

    def __init__(self, classes: Classes, calibration: Calibration) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._classes, self._calibration = classes, calibration

    def add(self, network: Recognition) -> None:
        self._linear("species_logits", network.species, self._calibration.temperature)
        self._node("Softmax", ["species_logits"], "species", axis=1)
        self._varieties(network.varieties)
        self._linear("produce_column", network.produce, 1.0)
        self._flat("produce_column", "produce_logit")
        self._node("Sigmoid", ["produce_logit"], "produce")
        self._sure()

    def _varieties(self, layer: nn.Linear) -> None:
        """Softmax among the varieties of each species, times the species' probability."""
        own = {name: index for index, name in enumerate(self._classes.species)}
        member = np.zeros((len(self._classes.varieties), len(own)), np.float32)
        for row, (species, _) in enumerate(self._classes.varieties):
            member[row, own[species]] = 1
        self._constant("variety_of", member)
        self._constant("variety_of_transposed", member.T.copy())
        self._linear("variety_logits", layer, self._calibration.variety_temperature)
        self._constant("lowest", np.float32(-LARGEST_LOGIT))
        self._constant("highest", np.float32(LARGEST_LOGIT))
        self._node("Clip", ["variety_logits", "lowest", "highest"], "variety_clipped")
        self._node("Exp", ["variety_clipped"], "variety_exp")
        self._node("MatMul", ["variety_exp", "variety_of"], "variety_sums")
        self._node("MatMul", ["variety_sums", "variety_of_transposed"], "variety_sum")
        self._node("Div", ["variety_exp", "variety_sum"], "variety_share")
        self._node("MatMul", ["species", "variety_of_transposed"], "variety_species")
        self._node("Mul", ["variety_share", "variety_species"], "variety")

    def _sure(self) -> None:
        """Logistic regression on the log odds of the first, its lead over the second, and the log odds of produce."""
        bias, *weights = self._calibration.sure
        self._constant("two", np.array([2], np.int64))
        self._node("TopK", ["species", "two"], ["best", "best_index"], axis=1)
        self._constant("least", np.float32(LEAST_PROBABILITY))
        self._constant("most", np.float32(1 - LEAST_PROBABILITY))
        self._node("Clip", ["best", "least", "most"], "best_clipped")
        self._node("Log", ["best_clipped"], "best_log")
        self._node("Split", ["best_log"], ["first_log", "second_log"], axis=1)
        self._node("Split", ["best_clipped"], ["first", "second"], axis=1)
        self._constant("one", np.float32(1))
        self._node("Sub", ["one", "first"], "first_rest")
        self._node("Log", ["first_rest"], "rest_log")
        self._node("Sub", ["first_log", "rest_log"], "first_odds")
        self._node("Sub", ["first_log", "second_log"], "lead")
        self._node("Concat", ["first_odds", "lead", "produce_column"], "evidence", axis=1)
        self._constant("sure_weight", np.array(weights, np.float32)[:, None])
        self._constant("sure_bias", np.array([bias], np.float32))
        self._node("Gemm", ["evidence", "sure_weight", "sure_bias"], "sure_column")
        self._flat("sure_column", "sure_logit")
        self._node("Sigmoid", ["sure_logit"], "sure")

    def _linear(self, name: str, layer: nn.Linear, temperature: float) -> None:
        weight = layer.weight.detach().double().numpy().T / temperature
        bias = layer.bias.detach().double().numpy() / temperature
        assert weight.shape[0] == DIMENSIONS  # noqa: S101 - for the reader
        self._constant(f"{name}_weight", weight.astype(np.float32))
        self._constant(f"{name}_bias", bias.astype(np.float32))
        self._node("Gemm", ["embedding", f"{name}_weight", f"{name}_bias"], name)

    def _flat(self, column: str, name: str) -> None:
        self._constant(f"{name}_shape", np.array([-1], np.int64))
        self._node("Reshape", [column, f"{name}_shape"], name)

    def _constant(self, name: str, value: NDArray[Any] | np.generic) -> None:
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))

    def _node(self, kind: str, inputs: list[str], outputs: str | list[str], **attributes: Any) -> None:  # noqa: ANN401
        given = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(kind, inputs, given, name=given[0], **attributes))


def feed_bytes(graph: onnx.GraphProto) -> None:
    """Hand the picture's bytes to the first convolution as they are.

    The quantised graph takes 127 from each pixel in float and rounds to uint8 with scale 1 and zero point 127: that is
    the pixel again, at 3 % of the graph's time. Raises ``TrainingError`` for another scale or zero point.
    """
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    by_input = {node.input[0]: node for node in graph.node if node.op_type in {"Cast", "Sub", "QuantizeLinear"}}
    cast = by_input["planes"]
    centre = by_input[cast.output[0]]
    quantise_step = by_input[centre.output[0]]
    mean, (scale, zero) = values[centre.input[1]], (values[name] for name in quantise_step.input[1:])
    if [part.item() for part in (mean, scale, zero)] != [zero.item(), 1.0, zero.item()]:
        raise TrainingError(f"The stem's input has the mean {mean}, scale {scale} and zero point {zero}: not bytes.")
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] == quantise_step.output[0]:
            node.input[0] = "planes"
    for node in (cast, centre, quantise_step):
        graph.node.remove(node)
    graph.initializer.remove(next(each for each in graph.initializer if each.name == centre.input[1]))


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Give a tensor another name, wherever it is made or read."""
    for entry in graph.input:
        if entry.name == old:
            entry.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new
