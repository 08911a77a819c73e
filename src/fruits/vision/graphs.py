"""Surgery on ONNX graphs: cut, rename, free the batch. Works on the protocol buffers in place, for any operator set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence
from typing import TYPE_CHECKING, Any

import onnx
from onnx import numpy_helper

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, TensorProto


def inner_graphs(nodes: Iterable[NodeProto]) -> Iterator[GraphProto]:
    """The bodies of If, Loop and Scan directly among these nodes."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g
            yield from attribute.graphs


def constants(graph: GraphProto) -> Iterator[TensorProto]:
    """Every constant of a graph: initialisers, attributes of nodes, and those of inner graphs."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
    for inner in inner_graphs(graph.node):
        yield from constants(inner)


def external_file(graph: GraphProto) -> str | None:
    """The name of the file beside it in which a graph keeps weights; None when all are inside."""
    for tensor in constants(graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return next((entry.value for entry in tensor.external_data if entry.key == "location"), "another file")
    return None


def reads(node: NodeProto) -> set[str]:
    """Names of the tensors a node reads, those of its inner graphs included."""
    names = set(node.input)
    for inner in inner_graphs([node]):
        names.update(*(reads(child) for child in inner.node), (entry.name for entry in inner.output))
    return names - {""}


def forget_shapes(graph: GraphProto) -> None:
    """Drop what the file says of tensors inside: with a free batch it would be wrong."""
    del graph.value_info[:], graph.quantization_annotation[:]
    for inner in inner_graphs(graph.node):
        forget_shapes(inner)


def drop_weights_from_inputs(graph: GraphProto) -> None:
    """List only real inputs as inputs. Files of IR version 3 list weights too, so that they cannot be folded."""
    weights = {entry.name for entry in graph.initializer} | {entry.values.name for entry in graph.sparse_initializer}
    _keep(graph.input, [entry.name not in weights for entry in graph.input])


def cut(graph: GraphProto, tensor: str) -> None:
    """Keep the nodes, weights and inputs that ``tensor`` is made from; leaves the graph without outputs."""
    wanted = {tensor}
    kept = []
    for node in reversed(graph.node):
        kept.append(not wanted.isdisjoint(node.output))
        if kept[-1]:
            wanted |= reads(node)
    _keep(graph.node, kept[::-1])
    _keep(graph.initializer, [entry.name in wanted for entry in graph.initializer])
    _keep(graph.sparse_initializer, [entry.values.name in wanted for entry in graph.sparse_initializer])
    _keep(graph.input, [entry.name in wanted for entry in graph.input])
    del graph.output[:]


def _keep(entries: MutableSequence[Any], flags: list[bool]) -> None:
    for index in reversed(range(len(flags))):
        if not flags[index]:
            del entries[index]


def rename(graph: GraphProto, names: dict[str, str]) -> None:
    """Give tensors new names wherever they are written or read."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for entry in (*graph.initializer, *graph.input, *graph.output):
        entry.name = names.get(entry.name, entry.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = names.get(sparse.values.name, sparse.values.name)
    for inner in inner_graphs(graph.node):
        rename(inner, names)


def free_reshapes(graph: GraphProto, image: str, batch: int) -> None:
    """Let every Reshape of what ``image`` becomes, where its target begins with ``batch``, keep that dimension."""
    known = {entry.name: entry for entry in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            known |= [(node.output[0], attribute.t) for attribute in node.attribute if attribute.name == "value"]
    moving = {image}
    for index, node in enumerate(graph.node):
        if moving.isdisjoint(reads(node)):
            continue
        moving.update(node.output)
        literal_zero = any(attribute.name == "allowzero" and attribute.i for attribute in node.attribute)
        if node.op_type != "Reshape" or node.input[0] not in moving or node.input[1] not in known or literal_zero:
            continue
        shape = numpy_helper.to_array(known[node.input[1]]).copy()
        if shape.size >= 2 and shape[0] == batch:
            shape[0] = 0  # in a Reshape, 0 copies the dimension at the same place
            graph.initializer.append(numpy_helper.from_array(shape, f"fruits/shape_{index}"))
            node.input[1] = f"fruits/shape_{index}"
