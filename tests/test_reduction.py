"""Principal components, against scikit-learn's full SVD as referee."""

from __future__ import annotations

import functools
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from fruits.reduction import Moments, PrincipalComponents, ReductionError


def rows_of(seed: int, n: int = 400, d: int = 24, offset: float = 0.0) -> np.ndarray:
    """Correlated float32 rows with clearly separated variances."""
    random = np.random.default_rng(seed)
    basis = np.linalg.qr(random.normal(size=(d, d)))[0]
    return (random.normal(size=(n, d)) * 0.8 ** np.arange(d) @ basis + offset).astype(np.float32)


def merged(rows: np.ndarray, parts: int) -> Moments:
    shift = rows[:3].mean(axis=0)
    return functools.reduce(operator.add, (Moments.of(part, shift) for part in np.array_split(rows, parts)))


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e5])
def test_equals_full_svd_even_far_from_zero(offset: float) -> None:
    rows = rows_of(1, offset=offset)
    ours = PrincipalComponents.fit(merged(rows, 7), components=6)
    referee = PCA(6, svd_solver="full").fit(rows.astype(np.float64))
    np.testing.assert_allclose(ours.variance, referee.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.ratio, referee.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(ours.mean, referee.mean_, rtol=1e-9)
    np.testing.assert_allclose(np.abs(np.sum(ours.axes * referee.components_, axis=1)), 1, rtol=1e-5)


def test_transform_subtracts_the_mean_and_inverts() -> None:
    rows = rows_of(2, offset=5)
    fitted = PrincipalComponents.fit(merged(rows, 3))
    coordinates = fitted.transform(rows)
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(coordinates.var(axis=0, ddof=1), fitted.variance, rtol=1e-5)
    np.testing.assert_allclose(fitted.inverse_transform(coordinates), rows, atol=1e-5)


def test_signs_do_not_depend_on_the_order_of_rows() -> None:
    rows = rows_of(3)
    a = PrincipalComponents.fit(merged(rows, 2), 5)
    b = PrincipalComponents.fit(merged(rows[::-1], 5), 5)
    np.testing.assert_allclose(a.axes, b.axes, atol=1e-7)
    assert (a.axes[np.arange(5), np.abs(a.axes).argmax(axis=1)] > 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(-1e4, 1e4))
def test_moments_merge_in_any_split_and_about_any_shift(seed: int, parts: int, shift: float) -> None:
    rows = rows_of(seed, n=40, d=6)
    whole = Moments.of(rows, np.zeros(6))
    pieces = [
        Moments.of(part, np.full(6, shift if i % 2 else 0.5)) for i, part in enumerate(np.array_split(rows, parts))
    ]
    together = functools.reduce(operator.add, pieces)
    assert together.count == 40
    scale = max(1.0, shift * shift)
    np.testing.assert_allclose(together.mean, whole.mean, atol=1e-9 * scale)
    np.testing.assert_allclose(together.covariance, whole.covariance, atol=1e-9 * scale)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999, 1.0])
def test_variance_keeps_the_fewest_that_reach_it(share: float) -> None:
    moments = merged(rows_of(4), 4)
    kept = PrincipalComponents.fit(moments, variance=share)
    assert kept.ratio.sum() >= share - 1e-9
    if len(kept.axes) > 1:
        assert kept.ratio[:-1].sum() < share


def test_no_more_components_than_rows_or_columns() -> None:
    assert len(PrincipalComponents.fit(merged(rows_of(5, n=5), 1), 50).axes) == 5
    assert len(PrincipalComponents.fit(merged(rows_of(5, d=8), 1), 50).axes) == 8


def test_one_row_and_equal_rows_have_no_variance() -> None:
    for rows in (np.ones((1, 4), np.float32), np.ones((9, 4), np.float32)):
        fitted = PrincipalComponents.fit(Moments.of(rows, rows[0]), 2)
        assert fitted.ratio.tolist() in ([0.0], [0.0, 0.0])
        np.testing.assert_allclose(fitted.transform(rows), 0)


def test_saved_and_loaded_is_the_same() -> None:
    fitted = PrincipalComponents.fit(merged(rows_of(6), 2), 3, source="abc")
    again = PrincipalComponents.load(fitted.save())
    assert again.source == "abc"
    assert again.count == 400
    np.testing.assert_array_equal(again.transform(rows_of(7)), fitted.transform(rows_of(7)))
    with pytest.raises(ReductionError, match=r"components\.npz"):
        PrincipalComponents.load(b"not a file")


def test_refuses_what_makes_no_sense() -> None:
    empty = Moments.empty(np.zeros(3))
    with pytest.raises(ReductionError, match="no embeddings"):
        PrincipalComponents.fit(empty)
    some = Moments.of(np.eye(3), np.zeros(3))
    for wish in ({"components": 0}, {"variance": 0.0}, {"variance": 1.1}):
        with pytest.raises(ReductionError, match="must be"):
            PrincipalComponents.fit(some, **wish)
    with pytest.raises(ReductionError, match="columns"):
        PrincipalComponents.fit(some).transform(np.zeros((2, 4)))
    with pytest.raises(ReductionError, match="do not mix"):
        _ = some + Moments.empty(np.zeros(4))
    with pytest.raises(ReductionError, match="finite"):
        PrincipalComponents.fit(Moments.of(np.array([[1.0, np.nan]]), np.zeros(2)))


def test_moments_travel_between_processes() -> None:
    moments = Moments.of(rows_of(8), np.zeros(24))
    again = pickle.loads(pickle.dumps(moments))
    np.testing.assert_array_equal(again.gram, moments.gram)
