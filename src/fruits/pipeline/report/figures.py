"""The page's figures: matplotlib SVG that takes its colours from the page, so that light and dark both fit.

No word of a user's goes into a figure (a label may hold ``$`` or a thousand characters): legends are HTML beside it.
Sizes are those of the SVG's own pixels, designed near the width at which a column or a phone shows them.
"""

from __future__ import annotations

import functools
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
from numpy.typing import NDArray

from fruits.pipeline.report.data import Points, Variance
from fruits.pipeline.report.timeline import Throughput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 420
_MATRIX = 375  # side of the confusion matrix, about
# Stand-ins that become the page's own colours in the finished SVG.
_INK, _RULE, _ACCENT = "#0a0b0c", "#0a0b0d", "#0a0b0e"
_VARIABLES = {_INK: "var(--soft)", _RULE: "var(--rule)", _ACCENT: "var(--accent)"}
# The accent where a colour cannot follow the page (pixels); legible on white and on black.
_ACCENT_PIXELS = (0.851, 0.373, 0.137)
_GREY_PIXELS = (0.553, 0.537, 0.51)
GREY = "#8d8982"
# Middle tones, legible on white and on black; after the categorical palette of Vega (tableau10).
PALETTE = (
    "#d95f23", "#4c86b8", "#5aa552", "#b06fae", "#d6a21e", "#3fa7a0", "#e0607e", "#9a7350", "#7a70d0", "#8fae2b",
)  # fmt: skip
Arguments = ParamSpec("Arguments")
_DOTS_PER_INCH = 144  # of what is drawn as pixels inside an SVG whose inch has 72 units


_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _INK,
    "axes.labelsize": 12,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 12,
    "grid.color": _RULE,
    "grid.linewidth": 1,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "fruits",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
}


def _styled(draw: Callable[Arguments, str]) -> Callable[Arguments, str]:
    """Let a figure be drawn in our style, whatever the user's matplotlib is set to; nothing of it stays."""

    @functools.wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> str:
        from matplotlib import style  # noqa: PLC0415 - heavy, and only a report needs it

        with style.context(["default", _STYLE]):
            return draw(*args, **kwargs)

    return drawn


@dataclass(frozen=True)
class LegendEntry:
    """A colour of the scatter: what it stands for (None: all others), how many labels and points that is."""

    colour: str
    name: str | None
    labels: int
    points: int


@_styled
def variance_figure(variance: Variance) -> str:
    """Return bars of each component's share and the line of their sum, in %."""
    figure, axes = _figure(250)
    k = np.arange(1, len(variance.share) + 1)
    axes.bar(k, variance.share, width=0.8 if len(k) < 60 else 1.0, color=_ACCENT, linewidth=0)
    axes.set_xlabel("component")
    axes.set_ylabel("each, %")
    axes.set_xlim(0.4, len(k) + 0.6)
    _whole_numbers(axes)
    total = axes.twinx()
    total.plot(k, variance.cumulative, color=_INK, linewidth=1.8, marker="o" if len(k) == 1 else None)
    total.set_ylim(0, 100)
    total.set_ylabel("together, %")
    _bare(total)
    return _svg(figure, "variance")


@_styled
def scatter_figure(points: Points, legend: list[LegendEntry], group: dict[str, str | None]) -> str:
    """Return the first two components, a point an image, in the colours of ``legend``.

    Args:
        points: the sample.
        legend: see :func:`scatter_legend`.
        group: the name in the legend of each label.
    """
    figure, axes = _figure(400)
    colours = {entry.name: entry.colour for entry in legend}
    colour = np.array([colours.get(group[label], GREY) for label in points.labels])
    order = np.random.default_rng(0).permutation(len(colour))  # no colour lies on top of all others
    order = order[np.argsort(colour[order] != GREY, kind="stable")]
    size = float(np.clip(40_000 / max(len(colour), 1), 7, 30))
    x, y = points.places[order].T
    axes.scatter(x, y, c=colour[order], s=size, alpha=0.75, linewidths=0, rasterized=True)
    axes.set_xlabel("first component")
    axes.set_ylabel("second component")
    axes.grid(True, axis="both")
    return _svg(figure, "scatter")


def scatter_legend(points: Points) -> tuple[list[LegendEntry], dict[str, str | None]]:
    """Return the scatter's legend, most frequent first, and each label's entry in it.

    More labels than colours are grouped by their first word (``Apple Golden 1`` is an ``Apple``) where that brings
    some together; what has no colour is in the last entry, grey, without a name.
    """
    labels = sorted(set(points.labels))
    group = {label: label for label in labels}
    if len(labels) > len(PALETTE):
        words = {label: (label.split() or [label])[0] for label in labels}
        if len(set(words.values())) < len(labels):
            group = words
    images = Counter(group[label] for label in points.labels)
    kinds = Counter(group.values())
    names = sorted(images, key=lambda name: (-images[name], name))
    shown, rest = names[: len(PALETTE)], names[len(PALETTE) :]
    legend = [
        LegendEntry(colour, name, kinds[name], images[name]) for colour, name in zip(PALETTE, shown, strict=False)
    ]
    if rest:
        legend.append(LegendEntry(GREY, None, sum(kinds[n] for n in rest), sum(images[n] for n in rest)))
    return legend, {label: name if name in shown else None for label, name in group.items()}


@_styled
def confusion_figure(confusion: NDArray[np.int64]) -> str:
    """Return a map of [c, c] counts: the diagonal in grey, mistakes in the accent's colour.

    The stronger a mark, the larger its share of the true label's images (square root, so that one in ten is seen);
    marks are squares of a cell's size, at least as large as the eye needs.
    """
    figure, axes = _figure(400)
    axes.grid(False)
    c = len(confusion)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    rows, columns = np.nonzero(confusion)
    order = np.argsort(rows != columns, kind="stable")  # mistakes lie on top
    rows, columns = rows[order], columns[order]
    colours = np.empty((len(rows), 4))
    colours[:, :3] = np.where((rows == columns)[:, None], _GREY_PIXELS, _ACCENT_PIXELS)
    colours[:, 3] = 0.35 + 0.65 * np.sqrt(share[rows, columns])
    side = max(_MATRIX / c, 4.0)
    axes.scatter(columns, rows, c=colours, s=side**2, marker="s", linewidths=0, rasterized=True)
    axes.set(xlim=(-0.5, c - 0.5), ylim=(c - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for spine in axes.spines.values():
        spine.set_visible(True)
    return _svg(figure, "confusion")


@_styled
def curve_figure(curve: list[tuple[int, float]]) -> str:
    """Return accuracy (0 to 1) against the number of components, as % over a logarithmic scale."""
    figure, axes = _figure(250)
    steps = [step for step, _ in curve]
    shares = [100 * share for _, share in curve]
    axes.plot(steps, shares, color=_ACCENT, linewidth=1.8, marker="o", markersize=5)
    for step, share in zip(steps, shares, strict=True):
        above = share < 85
        axes.annotate(
            f"{share:.1f}", (step, share), (0, 8 if above else -8), textcoords="offset points", ha="center",
            va="bottom" if above else "top", fontsize=10,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(steps, [str(step) for step in steps])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, 105)
    axes.margins(x=0.08)
    axes.set_xlabel("components")
    axes.set_ylabel("right, %")
    return _svg(figure, "curve")


@_styled
def throughput_figure(work: Throughput) -> str:
    """Return images per second over the time of work."""
    figure, axes = _figure(250)
    seconds, unit = _unit(float(work.edges[-1]))
    edges = work.edges / seconds
    axes.stairs(work.rate, edges, fill=True, color=_ACCENT, alpha=0.22, linewidth=0)
    axes.stairs(work.rate, edges, color=_ACCENT, linewidth=1.5)
    axes.axhline(work.mean, color=_INK, linewidth=1, linestyle=(0, (2, 3)))
    for cut in work.cuts:
        axes.axvline(cut / seconds, color=_INK, linewidth=1)
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(0, float(max(work.rate.max(), work.mean)) * 1.12)
    axes.set_xlabel(f"{unit} of embedding")
    axes.set_ylabel("images a second")
    return _svg(figure, "speed")


def _unit(seconds: float) -> tuple[float, str]:
    if seconds < 180:
        return 1.0, "seconds"
    return (60.0, "minutes") if seconds < 3 * 3600 else (3600.0, "hours")


def _figure(height: int) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(True, axis="y")
    _bare(axes)
    return figure, axes


def _bare(axes: Axes) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)


def _whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def _svg(figure: Figure, name: str) -> str:
    """Return ``figure`` as an SVG element for a page: its ids made unique by ``name``, its colours the page's."""
    file = io.StringIO()
    figure.savefig(file, format="svg", dpi=_DOTS_PER_INCH, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<svg [^>]*viewBox=\"([^\"]+)\"[^>]*>", r'<svg viewBox="\1" aria-hidden="true">', text, count=1)
    kept = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in kept else "", text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\1{name}-", text).replace("xlink:href", "href")
    text = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", text)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    return text.strip()
