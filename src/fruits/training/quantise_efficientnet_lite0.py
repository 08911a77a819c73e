"""Makes the fast backbone: the embedded EfficientNet-Lite0 in 8-bit integers.

Run ``python -m fruits.training.quantise_efficientnet_lite0 DATA OUT.onnx``; DATA holds the folders of ``CALIBRATION``.
The same photographs and the same onnxruntime give the same bytes. Input and output are those of the float backbone.

- Activations are uint8, their ranges the least and largest value seen on the calibration photographs.
- Weights are int8 per output channel, kept to 7 bits: processors with AVX2 and without VNNI add two products in 16 bits
  and would saturate on 8. With 7 every machine computes the same integers.
- The stem, the first block and the global average stay in float: the closest embeddings for no measurable time.
- Rounding the weights shifts the mean of each output channel. The bias takes back the shift expected on the calibration
  photographs, sum over inputs of (w - rounded w) * mean input: "bias correction" of Nagel, van Baalen, Blankevoort and
  Welling, "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2, with
  measured means. At the zero padding of a border it is approximate.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from PIL import Image

from fruits.training.rounding import round_together
from fruits.vision.backbones import IMAGENET, load_backbone

SIZE = 224
BATCH = 4
CALIBRATION = {
    "fruits-360/Training/*/*.jpg": 141,
    "grocery-store/train/**/*.jpg": 100,
    "web-produce-a/images/*.jpg": 100,
}
IN_FLOAT = ("stem", "block0_depthwise", "block0_project")

Array = NDArray[Any]


def main(arguments: list[str]) -> int:
    """Write the graph made with the photographs in the folder given to the path given; exit code 1 if they lack."""
    if len(arguments) != 2:
        print("usage: python -m fruits.training.quantise_efficientnet_lite0 DATA OUT.onnx", file=sys.stderr)
        return 2
    data, out = (Path(argument) for argument in arguments)
    missing = [pattern for pattern, count in CALIBRATION.items() if len(list(data.glob(pattern))) < count]
    if missing:
        print(f"nothing written: too few photographs in {data} for {', '.join(missing)}", file=sys.stderr)
        return 1
    graph = quantise(load_backbone(IMAGENET, out.parent).graph, calibration_images(data))
    out.write_bytes(graph)
    print(f"{out}: {len(graph):,} bytes, sha256 {hashlib.sha256(graph).hexdigest()}")
    return 0


def calibration_images(data: Path) -> Array:
    """The calibration photographs, evenly drawn from the sorted paths of each pattern: uint8 [n, 224, 224, 3] RGB."""
    images = []
    for pattern, count in CALIBRATION.items():
        paths = sorted(data.glob(pattern))
        for index in range(count):
            with Image.open(paths[index * len(paths) // count]) as photo:
                images.append(np.asarray(photo.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)))
    return np.stack(images)


def quantise(
    graph: bytes,
    images: Array,
    in_float: tuple[str, ...] = IN_FLOAT,
    *,
    full_depthwise: bool = False,
    together: bool = False,
) -> bytes:
    """The int8 graph (ONNX, QDQ form) of the float backbone ``graph``, calibrated on images uint8 [n, size, size, 3].

    in_float: convolutions that are not rounded. With none, all arithmetic up to the global average is in integers, and
    so the same on every machine to the last bit. full_depthwise: depthwise weights keep their eighth bit; ONNX Runtime
    multiplies those in 16 bits everywhere, so that nothing can saturate. together: the weights of 1 x 1 convolutions
    are rounded with an eye on each other (``rounding``), each for itself else.
    """
    model = _with_float_weights(graph)
    kept = onnx.ModelProto()
    kept.CopyFrom(model)
    if together:
        _round_together(model, images)
    rounded = _rounded(model, images, in_float, full_depthwise)
    _correct_biases(model, kept, rounded, _mean_inputs(kept, images))
    quantised = _rounded(model, images, in_float, full_depthwise)
    quantised.producer_name = "fruits"
    onnx.checker.check_model(quantised, full_check=True)
    return bytes(quantised.SerializeToString(deterministic=True))


def _with_float_weights(graph: bytes) -> onnx.ModelProto:
    """The model with its float16 weights and their casts replaced by float32 weights."""
    model = onnx.load_from_string(graph)
    weights = {weight.name: weight for weight in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == "Cast" and node.input[0] in weights]:
        half = weights[node.input[0]]
        full = numpy_helper.from_array(numpy_helper.to_array(half).astype(np.float32), node.output[0])
        model.graph.initializer.remove(half)
        model.graph.initializer.append(full)
        model.graph.node.remove(node)
    return model


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands the calibration images to onnxruntime in batches."""

    def __init__(self, images: Array) -> None:
        self._batches = _batches(images)

    def get_next(self) -> dict[str, Array] | None:
        return next(self._batches, None)


def _batches(images: Array) -> Iterator[dict[str, Array]]:
    for start in range(0, len(images), BATCH):
        yield {"image": images[start : start + BATCH]}


def _rounded(model: onnx.ModelProto, images: Array, in_float: tuple[str, ...], full_depthwise: bool) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        quantize_static(
            str(source),
            str(target),
            _Reader(images),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Clip", "Add"],
            nodes_to_exclude=[name + suffix for name in in_float for suffix in ("", "_relu6")],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"TensorQuantOverrides": _overrides(model)} if full_depthwise else None,
        )
        return onnx.load(target)


def _overrides(model: onnx.ModelProto) -> dict[str, list[dict[str, Any]]]:
    """Eight bits for the weights of depthwise convolutions."""
    groups = {node.input[1]: onnx.helper.get_node_attr_value(node, "group") for node in _convolutions(model)}
    whole = {"axis": 0, "quant_type": QuantType.QInt8, "symmetric": True, "reduce_range": False}
    return {name: [dict(whole)] for name, group in groups.items() if group > 1}


def _mean_inputs(model: onnx.ModelProto, images: Array) -> dict[str, Array]:
    """For each convolution, the mean of its input over images and places: float64 [channels]."""
    names = {node.name: node.input[0] for node in _convolutions(model)}
    sums = _observed(model, images, set(names.values()), lambda x: x.mean(axis=(2, 3), dtype=np.float64).sum(axis=0))
    return {convolution: sums[tensor] / len(images) for convolution, tensor in names.items()}


def _observed(
    model: onnx.ModelProto, images: Array, tensors: set[str], measure: Callable[[Array], Array]
) -> dict[str, Array]:
    """For each of the tensors, the sum over batches of what ``measure`` makes of its values [n, channels, h, w]."""
    observed = onnx.ModelProto()
    observed.CopyFrom(model)
    outputs = sorted(tensors)
    observed.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)
    session = onnxruntime.InferenceSession(observed.SerializeToString(), providers=["CPUExecutionProvider"])
    sums: dict[str, Any] = dict.fromkeys(outputs, 0.0)
    for batch in _batches(images):
        for name, value in zip(outputs, session.run(outputs, batch), strict=True):
            sums[name] = sums[name] + measure(value)
    return sums


def _round_together(model: onnx.ModelProto, images: Array) -> None:
    """Replace the weights of the 1 x 1 convolutions by ones on their steps."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    dense = [node for node in _convolutions(model) if list(tensors[node.input[1]].dims[2:]) == [1, 1]]
    products = _observed(model, images, {node.input[0] for node in dense}, _products)
    for node in dense:
        tensor = tensors[node.input[1]]
        weights = numpy_helper.to_array(tensor)
        rounded = round_together(weights[:, :, 0, 0].astype(np.float64), products[node.input[0]])
        values = rounded.astype(np.float32).reshape(weights.shape)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _products(values: Array) -> Array:
    """Sums of products of the channels of [n, channels, h, w]: float64 [channels, channels]."""
    flat = values.transpose(1, 0, 2, 3).reshape(values.shape[1], -1)
    return (flat @ flat.T).astype(np.float64)


def _correct_biases(
    model: onnx.ModelProto, exact: onnx.ModelProto, rounded: onnx.ModelProto, means: dict[str, Array]
) -> None:
    """Add to each bias of ``model`` what rounding the weights of ``exact`` is expected to take from its channel."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node, other in zip(_convolutions(exact), _convolutions(rounded), strict=True):
        weights = _weights_of(node, exact)
        lost = (weights - _weights_of(other, rounded)).sum(axis=(2, 3))  # [outputs, inputs of the group]
        mean = means[node.name]
        depthwise = lost.shape[1] == 1
        shift = lost[:, 0] * mean if depthwise else lost @ mean
        bias = tensors[node.input[2]]
        corrected = (numpy_helper.to_array(bias) + shift).astype(np.float32)
        bias.CopyFrom(numpy_helper.from_array(corrected, bias.name))


def _weights_of(node: onnx.NodeProto, model: onnx.ModelProto) -> Array:
    """The weights that a convolution computes with, dequantised where they are integers: float64."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {maker.output[0]: maker for maker in model.graph.node}
    if node.input[1] in tensors:
        return numpy_helper.to_array(tensors[node.input[1]]).astype(np.float64)
    values, scales = (numpy_helper.to_array(tensors[name]) for name in makers[node.input[1]].input[:2])
    return values.astype(np.float64) * scales.astype(np.float64)[:, None, None, None]


def _convolutions(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """In the order of their names, which quantising keeps."""
    return sorted((node for node in model.graph.node if node.op_type == "Conv"), key=lambda node: node.name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
