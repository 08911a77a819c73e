"""Measures and calibration against independent referees."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from fruits.training.measures import calibration_error, measure, reliability


def test_measures_by_hand() -> None:
    goal = ["apple", "apple", "pear", "fig"]
    ranked = [["apple", "pear"], ["pear", "apple"], ["pear", "fig"], ["kiwi", "lime"]]
    found = measure(goal, ranked, np.array([0.9, 0.6, 0.8, 0.5]), np.array([True, True, False, False]))
    assert (found.photos, found.species) == (4, 3)
    assert (found.top1, found.top5) == (0.5, 0.75)
    assert found.macro_top1 == balanced_accuracy_score(goal, [row[0] for row in ranked])
    assert (found.sure_share, found.sure_right) == (0.5, 0.5)


def test_nothing_measured_is_none() -> None:
    assert measure([], [], np.array([]), np.array([], bool)).top1 is None


def test_calibrated_answers_have_no_error() -> None:
    dice = np.random.default_rng(0)
    confidence = dice.uniform(0, 1, 200_000)
    right = dice.uniform(0, 1, 200_000) < confidence
    assert calibration_error(confidence, right) < 0.01
    assert calibration_error(np.minimum(1, confidence + 0.2), right) == pytest.approx(0.18, abs=0.02)


def test_reliability_counts_every_photo() -> None:
    bins = reliability(np.array([0.0, 0.5, 1.0, 1.0]), np.array([False, True, True, False]))
    assert sum(count for *_, count in bins) == 4
    assert bins[-1] == (1.0, 0.5, 2)


def test_the_logistic_regression_is_the_usual_one() -> None:
    pytest.importorskip("torch", reason="torch is not installed: make test-training runs this")
    from fruits.training.calibrate import logistic

    dice = np.random.default_rng(3)
    evidence = dice.normal(size=(900, 3))
    right = dice.uniform(size=900) < 1 / (1 + np.exp(-(0.4 + evidence @ [1.0, -2.0, 0.5])))
    weight = dice.uniform(0.2, 3, 900)
    ours = logistic(evidence, right, weight, penalty=2.0)
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(evidence, right, weight)
    assert ours == pytest.approx([theirs.intercept_[0], *theirs.coef_[0]], abs=1e-5)
