"""Images per second over the time in which slices were embedded, from their markers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fruits.records import SliceMarker

_MOST_BINS = 160
_PAUSE = 60.0  # seconds without any slice at work that are no part of the work


@dataclass(frozen=True)
class Throughput:
    """Images per second against seconds of work.

    Attributes:
        edges: float64 [b + 1], seconds of work at which the bins begin and end.
        rate: float64 [b], mean images per second in each bin.
        cuts: where time between two runs, or a long pause, was left out.
        mean: images per second over all the work.
    """

    edges: NDArray[np.float64]
    rate: NDArray[np.float64]
    cuts: tuple[float, ...]
    mean: float


def throughput(markers: Iterable[SliceMarker]) -> Throughput | None:
    """Return images per second over time: each slice counts evenly from its start to its end.

    Images that a slice took over from another one were not embedded and do not count. None if no slice embedded any.
    """
    work = [m for m in markers if m.images > m.carried and m.finished > m.started]
    if not work:
        return None
    work.sort(key=lambda m: (m.started, m.slice))
    spans = _spans(work)
    begins = np.array([begin for begin, _ in spans])
    ends = np.cumsum([end - begin for begin, end in spans])
    total = float(ends[-1])
    edges = np.linspace(0, total, min(_MOST_BINS, 4 * len(work)) + 1)
    span = np.minimum(np.searchsorted(ends, edges, side="left"), len(spans) - 1)
    clock = begins[span] + edges - np.concatenate([[0.0], ends[:-1]])[span]
    started, finished = (np.array([getattr(m, name) for m in work]) for name in ("started", "finished"))
    images = np.array([m.images - m.carried for m in work], dtype=np.float64)
    done = np.clip((clock[:, None] - started) / (finished - started), 0, 1) @ images
    cuts = tuple(float(end) for end in ends[:-1])
    return Throughput(edges, np.diff(done) / np.diff(edges), cuts, float(images.sum()) / total)


def _spans(work: list[SliceMarker]) -> list[tuple[float, float]]:
    """Return the times, begin and end, in which slices were at work; ``work`` is sorted by its start."""
    spans: list[tuple[float, float]] = []
    run = ""
    for marker in work:
        own = marker.slice.rpartition("-")[0]
        gap = marker.started - spans[-1][1] if spans else 0.0
        if not spans or gap > _PAUSE or (gap > 0 and own != run):
            spans.append((marker.started, marker.finished))
        else:
            spans[-1] = (spans[-1][0], max(spans[-1][1], marker.finished))
        run = own
    return spans
