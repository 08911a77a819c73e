"""Spark ML's classifiers, and their weights as plain arrays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fruits.pipeline.classifier_arrays import ArrayClassifier, Float64s, Kind

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HIDDEN = 128  # units of the multilayer perceptron's hidden layer
_TOLERANCE = 1e-4  # of the objective; measured on Fruits-360: 30 iterations in place of 100, accuracy within 0.1 %
_SEED = 20


def train(table: DataFrame, kind: Kind, labels: Sequence[str], scale: Float64s) -> tuple[Any, ArrayClassifier]:
    """Fit Spark's classifier and return it with its arrays."""
    from pyspark.ml import classification  # noqa: PLC0415

    names = tuple(labels)
    if kind == "logistic":
        return train_logistic(table, labels, scale)
    if kind == "svm":
        one = classification.LinearSVC(maxIter=30, regParam=1e-3, standardization=False)
        svm = classification.OneVsRest(classifier=one, parallelism=8, featuresCol="features", labelCol="index").fit(
            table
        )
        parts: list[Any] = list(svm.models)
        weights = np.stack([part.coefficients.toArray() for part in parts])
        return svm, ArrayClassifier(kind, names, scale, ((weights, np.array([part.intercept for part in parts])),))
    sizes = [len(scale), HIDDEN, len(labels)]
    mlp = classification.MultilayerPerceptronClassifier(
        featuresCol="features", labelCol="index", layers=sizes, maxIter=200, seed=_SEED
    ).fit(table)
    return mlp, ArrayClassifier(kind, names, scale, _mlp_layers(mlp.weights.toArray(), sizes))


def train_logistic(
    table: DataFrame, labels: Sequence[str], scale: Float64s, iterations: int = 100
) -> tuple[Any, ArrayClassifier]:
    """Fit multinomial logistic regression with a light L2 penalty; return Spark's model and its arrays."""
    from pyspark.ml.classification import LogisticRegression  # noqa: PLC0415

    learner = LogisticRegression(
        featuresCol="features",
        labelCol="index",
        family="multinomial",
        standardization=False,
        regParam=1e-4,
        maxIter=iterations,
        tol=_TOLERANCE,
    )
    model = learner.fit(table)
    layer = (model.coefficientMatrix.toArray(), model.interceptVector.toArray())
    return model, ArrayClassifier("logistic", tuple(labels), scale, (layer,))


def _mlp_layers(weights: Float64s, sizes: Sequence[int]) -> tuple[tuple[Float64s, Float64s], ...]:
    """Cut Spark's flat weights: per layer the matrix, column by column, then the intercepts."""
    layers, start = [], 0
    for inputs, outputs in itertools.pairwise(sizes):
        middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
        layers.append((weights[start:middle].reshape((outputs, inputs), order="F"), weights[middle:end]))
        start = end
    return tuple(layers)
