"""Exact principal components from moments that can be merged, in NumPy.

Each worker turns its rows into :class:`Moments` (count, shifted sum, shifted Gram matrix, float64); moments add up;
:class:`PrincipalComponents` come from the sum. Rows are never held together.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fruits.errors import FruitsError

Floats = NDArray[np.floating[Any]]
Float64s = NDArray[np.float64]

_ROWS_AT_ONCE = 8192  # bounds the float64 copy: 84 MB at 1,280 columns


class ReductionError(FruitsError):
    """The rows, or the file, do not make principal components."""


@dataclass(frozen=True)
class Moments:
    """Count, sum and Gram matrix of rows minus a fixed shift.

    The shift is any point near the rows' mean: it keeps the later subtraction of the mean from cancelling digits
    (Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983).

    Attributes:
        count: number of rows.
        shift: float64 [d].
        total: float64 [d], sum of ``row - shift``.
        gram: float64 [d, d], sum of ``outer(row - shift, row - shift)``.
    """

    count: int
    shift: Float64s
    total: Float64s
    gram: Float64s

    @classmethod
    def empty(cls, shift: Floats) -> Self:
        """Return the moments of no rows, about ``shift`` [d]."""
        point = np.array(shift, dtype=np.float64)
        return cls(0, point, np.zeros_like(point), np.zeros((point.size, point.size)))

    @classmethod
    def of(cls, rows: Floats, shift: Floats) -> Self:
        """Return the moments of ``rows`` [n, d] about ``shift`` [d]."""
        result = cls.empty(shift)
        total, gram = result.total, result.gram
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = np.subtract(rows[start : start + _ROWS_AT_ONCE], result.shift, dtype=np.float64)
            total += some.sum(axis=0)
            gram += some.T @ some  # NumPy sees one matrix twice and calls BLAS syrk: half the work
        return cls(len(rows), result.shift, total, gram)

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows, about this one's shift."""
        if other.total.shape != self.total.shape:
            raise ReductionError(
                f"rows of {self.total.size} and of {other.total.size} columns do not mix; embed all with one backbone"
            )
        there = other if np.array_equal(other.shift, self.shift) else other.about(self.shift)
        return Moments(self.count + there.count, self.shift, self.total + there.total, self.gram + there.gram)

    def about(self, shift: Floats) -> Moments:
        """Return the same moments about another shift [d]."""
        point = np.array(shift, dtype=np.float64)
        step = self.shift - point
        cross = np.outer(self.total, step)
        gram = self.gram + cross + cross.T + self.count * np.outer(step, step)
        return Moments(self.count, point, self.total + self.count * step, gram)

    @property
    def mean(self) -> Float64s:
        """Mean of the rows, float64 [d]."""
        return self.shift + self.total / max(self.count, 1)

    @property
    def covariance(self) -> Float64s:
        """Sample covariance (divided by ``count - 1``), float64 [d, d]."""
        centred = self.gram - np.outer(self.total, self.total) / max(self.count, 1)
        return centred / max(self.count - 1, 1)


@dataclass(frozen=True)
class PrincipalComponents:
    """Principal axes with the mean they are centred on, so that they apply to any later row.

    Attributes:
        mean: float64 [d].
        axes: float64 [k, d], orthonormal rows; of each the entry of largest magnitude is positive.
        variance: float64 [k], variance along each axis, descending.
        total_variance: sum of the variances of all d columns.
        count: rows they were fitted on.
        source: what made the rows (a backbone's digest), or "".
    """

    mean: Float64s
    axes: Float64s
    variance: Float64s
    total_variance: float
    count: int
    source: str = ""

    @property
    def ratio(self) -> Float64s:
        """Share of the total variance along each axis, float64 [k], 0 to 1."""
        return self.variance / self.total_variance if self.total_variance > 0 else np.zeros_like(self.variance)

    @classmethod
    def fit(
        cls, moments: Moments, components: int | None = None, variance: float | None = None, source: str = ""
    ) -> Self:
        """Return the principal components of the rows behind ``moments``.

        Args:
            moments: of at least one row.
            components: how many to keep; at most the smaller of rows and columns are.
            variance: instead, keep the fewest that reach this share of the total variance, in (0, 1].
            source: kept with the components.

        Raises:
            ReductionError: no rows, values that are not finite, or a wish out of range.
        """
        if moments.count < 1:
            raise ReductionError("no embeddings to fit components on")
        if components is not None and components < 1:
            raise ReductionError(f"components must be at least 1, not {components}")
        if variance is not None and not 0 < variance <= 1:
            raise ReductionError(f"variance must be above 0 and at most 1, not {variance}")
        covariance = moments.covariance
        if not np.isfinite(covariance).all():
            raise ReductionError("some embeddings are not finite numbers")
        values, vectors = np.linalg.eigh(covariance)
        values, axes = np.clip(values[::-1], 0, None), vectors[:, ::-1].T
        total = float(np.trace(covariance))
        most = min(moments.count, len(values))
        keep = most if components is None else min(components, most)
        if variance is not None:
            reached = np.cumsum(values) >= variance * total * (1 - 1e-12)
            keep = min(int(np.argmax(reached)) + 1, most) if reached.any() else most
        return cls(moments.mean, _with_fixed_signs(axes[:keep]), values[:keep], total, moments.count, source)

    def transform(self, rows: Floats) -> Float64s:
        """Return the coordinates of ``rows`` [n, d] along the axes, float64 [n, k].

        Raises:
            ReductionError: the rows have another number of columns.
        """
        if rows.ndim != 2 or rows.shape[1] != self.mean.size:
            raise ReductionError(f"these components take rows of {self.mean.size} columns, not shape {rows.shape}")
        return (rows - self.mean) @ self.axes.T

    def inverse_transform(self, coordinates: Floats) -> Float64s:
        """Return the rows [n, d] nearest to ``coordinates`` [n, k] in the original space."""
        return coordinates @ self.axes + self.mean

    def save(self) -> bytes:
        """Return the components as the bytes of an ``.npz`` file."""
        file = io.BytesIO()
        np.savez(
            file,
            mean=self.mean,
            axes=self.axes,
            variance=self.variance,
            ratio=self.ratio,
            total_variance=self.total_variance,
            count=self.count,
            source=self.source,
        )
        return file.getvalue()

    @classmethod
    def load(cls, content: bytes) -> Self:
        """Inverse of :meth:`save`.

        Raises:
            ReductionError: ``content`` is no such file.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                return cls(
                    file["mean"],
                    file["axes"],
                    file["variance"],
                    float(file["total_variance"]),
                    int(file["count"]),
                    str(file["source"]),
                )
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ReductionError("this is not a components.npz that Fruits! wrote; run the chain again") from error


def _with_fixed_signs(axes: Float64s) -> Float64s:
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return axes * np.where(largest < 0, -1.0, 1.0)[:, None]
