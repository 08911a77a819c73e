"""Pixels to embeddings, with ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fruits.vision.errors import VisionError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Images per call of the graph. Measured with the default backbone on one thread (AMD EPYC, Zen 4): 1 to 4 are within
# 2 % of each other, 8 is 3 % slower, 64 is 7 % slower: the activations of a larger batch leave the L2 cache.
BATCH = 4


class EmbeddingError(VisionError):
    """A graph that cannot be run, images of the wrong shape, or numbers that are not finite."""


class Embedder:
    """One ONNX Runtime session over a backbone's graph. Make one per process: it holds the weights in memory."""

    def __init__(self, graph: bytes, threads: int = 1) -> None:
        """Load the graph.

        graph: ONNX bytes with one input uint8 [n, size, size, 3] (RGB) and one output float32 [n, dimensions], n free,
        as ``Backbone.graph`` is; of several outputs the one named ``embedding``. threads: cores that one call may use,
        at least 1. Raises ``EmbeddingError``.
        """
        self._session = open_session(graph, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(outputs) > 1:
            outputs = [output for output in outputs if output.name == "embedding"]
        shapes = [entry.shape for entry in (*inputs, *outputs)]
        if len(inputs) != 1 or len(outputs) != 1 or not _is_backbone(inputs[0].type, *shapes):
            raise EmbeddingError(
                "The graph is not a prepared backbone: it must take uint8 [n, size, size, 3] and give [n, dimensions], "
                f"but it has the shapes {shapes}."
            )
        self._input, self._output = inputs[0].name, outputs[0].name
        self._size = int(shapes[0][1])
        self._dimensions = int(shapes[1][1])

    @property
    def size(self) -> int:
        """Side of the square images it takes, in pixels."""
        return self._size

    @property
    def dimensions(self) -> int:
        """Length of one embedding."""
        return self._dimensions

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings float32 [n, dimensions] of RGB images uint8 [n, size, size, 3]; n may be 0.

        A row does not depend on the images beside it. Raises ``EmbeddingError`` on another shape or dtype, and when a
        number comes out that is not finite.
        """
        expected = (self._size, self._size, 3)
        if images.ndim != 4 or images.shape[1:] != expected or images.dtype != np.uint8:
            raise EmbeddingError(
                f"Images must be uint8 [n, {self._size}, {self._size}, 3]; these are {images.dtype} "
                f"{list(images.shape)}."
            )
        embeddings = np.empty((len(images), self._dimensions), np.float32)
        for start in range(0, len(images), BATCH):
            batch = np.ascontiguousarray(images[start : start + BATCH])
            embeddings[start : start + BATCH] = self._session.run([self._output], {self._input: batch})[0]
        if not np.isfinite(embeddings).all():
            bad = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
            raise EmbeddingError(
                f"The model gave numbers that are not finite for image {bad + 1} of {len(images)}: its weights or its "
                "scaling are wrong."
            )
        return embeddings


def open_session(graph: bytes, threads: int = 1) -> InferenceSession:
    """An ONNX Runtime session on the CPU, quiet and with idle threads that sleep; raises ``EmbeddingError``."""
    # The wheels for Linux report usage to their maker unless they are told not to before the first import.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415 - a tenth of a second

    if threads < 1:
        raise EmbeddingError(f"The number of threads must be at least 1, not {threads}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning pool would take the core on which the neighbour's images are read and decoded.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as cause:  # ONNX Runtime's errors share no other base
        reason = " ".join(str(cause).split())
        raise EmbeddingError(f"ONNX Runtime cannot load the graph: {reason}") from cause


def _is_backbone(kind: str, taken: list[int | str], given: list[int | str]) -> bool:
    """Whether the types and shapes that a session reports are those of a prepared backbone."""
    side = taken[1] if len(taken) == 4 else None
    free = not isinstance(taken[0], int) if taken else False
    square = isinstance(side, int) and taken[1:] == [side, side, 3]
    return kind == "tensor(uint8)" and free and square and len(given) == 2 and isinstance(given[1], int)
