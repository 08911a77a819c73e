"""Small networks with the tensor names, shapes and old habits of the ONNX Model Zoo's files."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_GENERATOR_SEED = 7


def _weights(*shape, scale=0.1):
    return (np.random.default_rng(_GENERATOR_SEED).standard_normal(shape) * scale).astype(np.float32)


def _tensor(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def _floats(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(nodes, inputs, outputs, weights, *, opset, ir_version, value_info=()):
    graph = helper.make_graph(nodes, "small", inputs, outputs, weights, value_info=list(value_info))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    return made.SerializeToString()


def mobilenetv2(channels=1280):
    """Operator set 10, free batch, embedding "464" [n, channels, 1, 1], then shape arithmetic and the head."""
    nodes = [
        helper.make_node("Conv", ["input", "w0", "b0"], ["317"], kernel_shape=[7, 7], strides=[32, 32]),
        helper.make_node("Clip", ["317"], ["318"], min=0.0, max=6.0),
        helper.make_node("Conv", ["318", "w1"], ["462"], kernel_shape=[1, 1]),
        helper.make_node("Clip", ["462"], ["463"], min=0.0, max=6.0),
        helper.make_node("GlobalAveragePool", ["463"], ["464"]),
        helper.make_node("Shape", ["464"], ["465"]),
        helper.make_node("Gather", ["465", "zero"], ["467"], axis=0),
        helper.make_node("Unsqueeze", ["467"], ["468"], axes=[0]),
        helper.make_node("Concat", ["468", "rest"], ["470"], axis=0),
        helper.make_node("Reshape", ["464", "470"], ["471"]),
        helper.make_node("Gemm", ["471", "head", "bias"], ["output"], transB=1),
    ]
    weights = [
        _tensor("w0", _weights(8, 3, 7, 7)),
        _tensor("b0", _weights(8)),
        _tensor("w1", _weights(channels, 8, 1, 1, scale=1)),
        _tensor("zero", np.int64(0)),
        _tensor("rest", np.array([-1], np.int64)),
        _tensor("head", _weights(10, channels)),
        _tensor("bias", _weights(10)),
    ]
    inputs = [_floats("input", ["batch_size", 3, 224, 224])]
    return model(nodes, inputs, [_floats("output", ["batch_size", 10])], weights, opset=10, ir_version=6)


def resnet50(channels=2048):
    """Operator set 7, IR version 3: every weight is an input too; BatchNormalization after the convolution."""
    nodes = [
        helper.make_node("Conv", ["data", "conv_weight"], ["conv"], kernel_shape=[7, 7], strides=[32, 32]),
        helper.make_node(
            "BatchNormalization", ["conv", "gamma", "beta", "running_mean", "running_var"], ["norm"], epsilon=1e-5
        ),
        helper.make_node("Relu", ["norm"], ["relu"]),
        helper.make_node("GlobalAveragePool", ["relu"], ["resnetv24_pool1_fwd"]),
        helper.make_node("Reshape", ["resnetv24_pool1_fwd", "flat"], ["flatten"]),
        helper.make_node("Gemm", ["flatten", "head", "bias"], ["resnetv24_dense0_fwd"], transB=1),
    ]
    weights = [
        _tensor("conv_weight", _weights(channels, 3, 7, 7)),
        _tensor("gamma", 1 + _weights(channels)),
        _tensor("beta", _weights(channels)),
        _tensor("running_mean", _weights(channels)),
        _tensor("running_var", 1 + np.abs(_weights(channels))),
        _tensor("flat", np.array([0, -1], np.int64)),
        _tensor("head", _weights(10, channels)),
        _tensor("bias", _weights(10)),
    ]
    inputs = [_floats("data", ["N", 3, 224, 224])]
    inputs += [helper.make_tensor_value_info(w.name, w.data_type, list(w.dims)) for w in weights]
    return model(nodes, inputs, [_floats("resnetv24_dense0_fwd", ["N", 10])], weights, opset=7, ir_version=3)


def efficientnet_lite4(channels=1280):
    """Operator set 11, NHWC, batch fixed at 1: in the input, in a Reshape inside, and in stale shapes of tensors."""
    pooled = "efficientnet-lite4/model/head/AvgPool:0"
    nodes = [
        helper.make_node("Transpose", ["images:0"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "w0"], ["stem"], kernel_shape=[7, 7], strides=[32, 32]),
        helper.make_node("Reshape", ["stem", "fixed"], ["stem4"]),
        helper.make_node("Conv", ["stem4", "w1"], ["conv"], kernel_shape=[1, 1]),
        helper.make_node("Clip", ["conv", "zero", "six"], ["relu6"]),
        helper.make_node("AveragePool", ["relu6"], [pooled], kernel_shape=[7, 7]),
        helper.make_node("Squeeze", [pooled], ["squeezed"], axes=[2, 3]),
        helper.make_node("MatMul", ["squeezed", "head"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["Softmax:0"], axis=1),
    ]
    weights = [
        _tensor("w0", _weights(8, 3, 7, 7)),
        _tensor("fixed", np.array([1, 8, 7, 7], np.int64)),
        _tensor("w1", _weights(channels, 8, 1, 1, scale=1)),
        _tensor("zero", np.float32(0)),
        _tensor("six", np.float32(6)),
        _tensor("head", _weights(channels, 10)),
    ]
    stale = [_floats("stem", [1, 8, 7, 7]), _floats("relu6", [1, channels, 7, 7]), _floats(pooled, [1, channels, 1, 1])]
    inputs = [_floats("images:0", [1, 224, 224, 3])]
    outputs = [_floats("Softmax:0", [1, 10])]
    return model(nodes, inputs, outputs, weights, opset=11, ir_version=6, value_info=stale)


def average(size=16, *, layout="NCHW", element=TensorProto.FLOAT, image="image", batch="n"):
    """The mean of each channel that the network is fed: the simplest embedding, [n, 3], named "embedding"."""
    shape = [batch, 3, size, size] if layout == "NCHW" else [batch, size, size, 3]
    axes = [2, 3] if layout == "NCHW" else [1, 2]
    nodes = [
        helper.make_node("Mul", [image, "one"], ["same"]),  # a weight of the network's own type
        helper.make_node("ReduceMean", ["same"], ["embedding"], axes=axes, keepdims=0),
    ]
    one = helper.make_tensor("one", element, [], [1.0])
    inputs = [helper.make_tensor_value_info(image, element, shape)]
    outputs = [helper.make_tensor_value_info("embedding", element, [batch, 3])]
    return model(nodes, inputs, outputs, [one], opset=13, ir_version=8)


def loaded(graph):
    return onnx.load_model_from_string(graph)
