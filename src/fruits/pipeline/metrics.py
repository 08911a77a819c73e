"""How right a classifier is, from counts of (true, predicted) pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def measure(confusion: NDArray[np.int64], labels: Sequence[str]) -> dict[str, Any]:
    """Return accuracy, macro-F1 and the per-class table of a confusion matrix.

    Args:
        confusion: int64 [c, c]; rows are true labels, columns predicted ones.
        labels: the c labels.

    Macro-F1 is the mean over the labels that occur, as true or as predicted, of the harmonic mean of precision and
    recall; one that is never right has 0 (as scikit-learn's ``f1_score(average="macro", zero_division=0)``).
    """
    right = np.diag(confusion).astype(np.float64)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = right / np.maximum(predicted, 1)
    recall = right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(support + predicted, 1)
    occurs = (support + predicted) > 0
    return {
        "accuracy": float(right.sum() / max(confusion.sum(), 1)),
        "macro_f1": float(f1[occurs].mean()) if occurs.any() else 0.0,
        "per_class": [
            {
                "label": label,
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, label in enumerate(labels)
            if support[i] or predicted[i]
        ],
    }
