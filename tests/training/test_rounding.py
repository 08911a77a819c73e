"""Rounding weights together: on their steps, and closer in what they compute than each rounded for itself."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from fruits.engine import load_bundle
from fruits.training.rounding import STEPS, round_together


def layer(seed: int, outputs: int = 8, inputs: int = 24, shared: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and inputs [samples, inputs] of which a part is shared by all, as after ReLU6."""
    dice = np.random.default_rng(seed)
    mixed = (1 - shared) * dice.normal(size=(2000, inputs)) + shared * dice.normal(size=(2000, 1))
    return dice.normal(size=(outputs, inputs)), np.clip(mixed + 1, 0, 6)


def nearest(weights: np.ndarray) -> np.ndarray:
    scale = np.abs(weights).max(axis=1, keepdims=True) / STEPS
    return np.round(weights / scale) * scale


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 40))
def test_weights_lie_on_the_steps_of_their_channel(seed: int, outputs: int, inputs: int) -> None:
    weights, x = layer(seed, outputs, inputs)
    rounded = round_together(weights, x.T @ x)
    scale = np.abs(weights).max(axis=1, keepdims=True) / STEPS
    steps = rounded / scale
    assert np.allclose(steps, np.round(steps), atol=1e-6)
    assert np.abs(rounded).max(axis=1) == pytest.approx(np.abs(weights).max(axis=1)), "the scale is that of before"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_computed_changes_less(seed: int) -> None:
    weights, x = layer(seed)
    together, alone = (
        np.square(x @ (weights - rounded).T).mean() for rounded in (round_together(weights, x.T @ x), nearest(weights))
    )
    assert together < 0.5 * alone


def test_the_largest_weight_stays_and_none_outgrows_it_to_make_good_for_another() -> None:
    weights = np.array([[0.49, 1.0, 0.999]])
    x = np.random.default_rng(0).normal(size=(100, 1)) * [[10.0, 1.0, 1.0]]
    rounded = round_together(weights, x.T @ x)
    assert rounded[0, 1] == pytest.approx(1.0)
    assert np.abs(rounded).max() == pytest.approx(1.0)


def test_inputs_that_have_nothing_in_common_are_rounded_to_the_nearest() -> None:
    weights, _ = layer(0)
    assert np.allclose(round_together(weights, np.eye(weights.shape[1])), nearest(weights))


def test_a_channel_of_zeros_stays() -> None:
    weights, x = layer(0)
    weights[3] = 0
    assert not round_together(weights, x.T @ x)[3].any()


def test_onnx_runtime_has_as_many_steps() -> None:
    """With another count it would round what was rounded together once more, each weight for itself."""
    model = onnx.load_from_string(load_bundle().graph)
    tensors = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    makers = {node.output[0]: node.input for node in model.graph.node if node.op_type == "DequantizeLinear"}
    channels = 0
    for node in (node for node in model.graph.node if node.op_type == "Conv"):
        weights, scales = (tensors[name] for name in makers[node.input[1]][:2])
        if weights.shape[1] > 1 and weights.shape[2:] == (1, 1):
            steps = np.abs(weights.astype(int)).max(axis=(1, 2, 3))
            alive = (steps > 0) & (scales > 1e-6)  # a few channels died in the pretraining
            assert set(steps[alive]) == {STEPS}, node.name
            channels += int(alive.sum())
    assert channels > 11_000
