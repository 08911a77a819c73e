"""A trained classifier as plain arrays: applied with NumPy alone, next to the data or on one photo."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from fruits.pipeline.errors import PipelineError

Kind = Literal["logistic", "svm", "mlp"]
Float64s = NDArray[np.float64]


@dataclass(frozen=True)
class ArrayClassifier:
    """Affine layers with the logistic function between them, on standardised components.

    Attributes:
        kind: ``logistic`` and ``svm`` have one layer, ``mlp`` has more.
        labels: the c classes.
        scale: float64 [k], standard deviation of each component; coordinates are divided by it.
        layers: pairs of weights float64 [outputs, inputs] and intercepts float64 [outputs].
    """

    kind: Kind
    labels: tuple[str, ...]
    scale: Float64s
    layers: tuple[tuple[Float64s, Float64s], ...]

    def scores(self, coordinates: NDArray[np.floating[Any]]) -> Float64s:
        """Return float64 [n, c] for ``coordinates`` [n, k]: probabilities, or for ``svm`` margins.

        Uses as many of the first components as the classifier was trained on.
        """
        rows = coordinates[:, : len(self.scale)].astype(np.float64) / self.scale
        for weights, intercepts in self.layers[:-1]:
            rows = 1 / (1 + np.exp(-(rows @ weights.T + intercepts)))
        weights, intercepts = self.layers[-1]
        rows = rows @ weights.T + intercepts
        if self.kind == "svm":
            return rows
        rows = np.exp(rows - rows.max(axis=1, keepdims=True, initial=-np.inf))
        probabilities: Float64s = rows / rows.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, coordinates: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the index of the best label, int64 [n], and its score, float32 [n]."""
        scores = self.scores(coordinates)
        best = scores.argmax(axis=1)
        return best.astype(np.int64), scores[np.arange(len(best)), best].astype(np.float32)

    def save(self) -> bytes:
        """Return the classifier as the bytes of an ``.npz`` file."""
        file = io.BytesIO()
        layers = {f"weights_{i}": w for i, (w, _) in enumerate(self.layers)}
        layers |= {f"intercepts_{i}": b for i, (_, b) in enumerate(self.layers)}
        np.savez(file, kind=self.kind, labels=np.array(self.labels), scale=self.scale, **layers)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def load(cls, content: bytes) -> Self:
        """Inverse of :meth:`save`.

        Raises:
            PipelineError: ``content`` is no such file.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                count = sum(1 for name in file.files if name.startswith("weights_"))
                layers = tuple((file[f"weights_{i}"], file[f"intercepts_{i}"]) for i in range(count))
                kind: Any = str(file["kind"])
                return cls(kind, tuple(str(label) for label in file["labels"]), file["scale"], layers)
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise PipelineError("this is not a classifier.npz that Fruits! wrote; run the chain again") from error
