"""Rounds the weights of a layer so that what it computes on photographs changes least.

Rounding each weight to the nearest step is best for the weights, not for the answers. Here one input's weights are
rounded after the other, and those not yet rounded take over the error as far as their inputs go along with it: the
second-order compensation of Frantar and Alistarh, "Optimal Brain Compression", NeurIPS 2022, in the fixed order of
"GPTQ", ICLR 2023.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STEPS = 64
"""Weights of 7 bits: whole steps from -64 to 64 of the largest weight of an output channel, as ONNX Runtime has it."""
DAMPING = 0.01


def round_together(weights: Array, products: Array) -> Array:
    """The weights float64 [outputs, inputs] on their channels' steps.

    products: sums of products of the inputs over photographs and places, float64 [inputs, inputs]. The largest weight
    of each output keeps its value, and so the channel its scale. A channel of zeros stays as it is.
    """
    left = weights.astype(np.float64)
    largest = np.abs(left).argmax(axis=1)
    scale = np.abs(left).max(axis=1) / STEPS
    scale[scale == 0] = 1.0
    order = np.argsort(-np.diag(products), kind="stable")
    damped = products[np.ix_(order, order)] + DAMPING * np.diag(products).mean() * np.eye(len(order))
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T
    left, rounded = left[:, order], np.empty_like(left)
    for place, column in enumerate(order):
        steps = np.clip(np.round(left[:, place] / scale), -STEPS, STEPS)
        fixed = largest == column
        steps[fixed] = STEPS * np.sign(weights[fixed, column])
        rounded[:, column] = steps * scale
        error = (left[:, place] - rounded[:, column]) / factor[place, place]
        left[:, place:] -= np.outer(error, factor[place, place:])
    return rounded
