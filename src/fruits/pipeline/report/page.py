"""The page: findings in words, numbers and figures, put into the template."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from fruits.pipeline.report import figures
from fruits.pipeline.report.data import Findings, Metrics, Variance
from fruits.pipeline.report.timeline import Throughput, throughput
from fruits.pipeline.report.words import DASH, count, duration, percent, period, setting, short, size, visible
from fruits.pipeline.tables import SCHEMAS
from fruits.records import FEATURES, PCA

if TYPE_CHECKING:
    from markupsafe import Markup

WORST = 12  # confusions listed
CELLS = 12  # labels up to which the confusion matrix is a table with names
# Measured with a linear classifier on frozen ImageNet features (97 % on the Fruits-360 test images).
_WILD = "On photos that people take, a classifier like this one was right for 17 to 31 %."


@dataclass(frozen=True)
class Tile:
    """A key figure: the number, what it is, and a word more."""

    value: str
    name: str
    more: str = ""


@dataclass(frozen=True)
class Confusion:
    """A pair of labels that were taken for one another: ``count`` images, ``share`` of the true label's."""

    true: str
    predicted: str
    count: int
    share: float


def render(findings: Findings) -> str:
    """Return the page; equal findings give an equal page."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only a report needs it

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_finalize
    )
    environment.filters |= {
        "count": count,
        "percent": percent,
        "duration": duration,
        "setting": setting,
        "bytes": size,
        "short": short,
        "base64": lambda content: base64.b64encode(content).decode(),
    }
    here = files(__package__ or "")
    template = environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))
    return template.render(_view(findings), css=_safe((here / "page.css").read_text(encoding="utf-8"))).lstrip()


def _view(findings: Findings) -> dict[str, Any]:
    record, counts, metrics = findings.record, findings.counts, findings.metrics
    work = throughput(findings.markers)
    return {
        "record": record,
        "counts": counts,
        "name": PurePosixPath(record.images).name or record.images,
        "out": findings.out,
        "when": period(record.started, _finished(findings)),
        "tiles": _tiles(findings, work),
        "summary": _summary(findings),
        "labels": sorted(counts.labels.items(), key=lambda item: (-item[1], item[0])),
        "typical": int(np.median(list(counts.labels.values()))) if counts.labels else 0,
        "thumbnails": findings.thumbnails,
        "variance": findings.variance,
        "variance_steps": _variance_steps(findings.variance),
        "metrics": metrics,
        "honesty": f"{metrics.note} {_WILD}".strip() if metrics else "",
        "small_matrix": metrics is not None and len(metrics.labels) <= CELLS,
        "confusions": worst_confusions(metrics) if metrics else [],
        "wrong": int(metrics.confusion.sum() - np.trace(metrics.confusion)) if metrics else 0,
        "per_class": sorted(metrics.per_class, key=lambda row: (row.f1, row.label)) if metrics else [],
        "work": work,
        "refusals": findings.refusals,
        "markers": f"{len(findings.markers):,}",
        "tables": [(name, _columns(name)) for name in findings.tables],
        "snippet": _snippet(findings),
        **_figures(findings, work),
    }


def _figures(findings: Findings, work: Throughput | None) -> dict[str, Any]:
    metrics, points, variance = findings.metrics, findings.points, findings.variance
    drawn: dict[str, Any] = dict.fromkeys(("variance_figure", "scatter_figure", "confusion_figure", "curve_figure"))
    drawn |= {"speed_figure": None, "legend": []}
    if variance:
        drawn["variance_figure"] = _safe(figures.variance_figure(variance))
    if points:
        drawn["legend"], group = figures.scatter_legend(points)
        drawn["scatter_figure"] = _safe(figures.scatter_figure(points, drawn["legend"], group))
    if metrics and len(metrics.labels) > CELLS:
        drawn["confusion_figure"] = _safe(figures.confusion_figure(metrics.confusion))
    if metrics and len(metrics.curve) > 1:
        drawn["curve_figure"] = _safe(figures.curve_figure(metrics.curve))
    if work:
        drawn["speed_figure"] = _safe(figures.throughput_figure(work))
    return drawn


def _tiles(findings: Findings, work: Throughput | None) -> list[Tile]:
    record, counts = findings.record, findings.counts
    metrics, variance = findings.metrics, findings.variance
    finished = _finished(findings)
    only = f"of the last run; it embedded {count(record.embedded)}"
    speed = record.images_per_second or (work.mean if work else 0.0)
    splits = ", ".join(f"{n:,} {name}" for name, n in sorted(counts.splits.items(), reverse=True) if name)
    tiles = [
        Tile(count(counts.seen), "images seen"),
        Tile(count(counts.features), "embedded", splits),
        Tile(count(counts.errors), "refused", percent(counts.errors / counts.seen) if counts.seen else ""),
        Tile(count(len(counts.labels)), "label" if len(counts.labels) == 1 else "labels"),
        Tile(f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}", "images a second", _on(record.cores)),
        Tile(
            duration(finished - record.started) if finished > record.started else DASH,
            "wall-clock time",
            only if record.status == "done" and record.embedded < counts.seen else "",
        ),
    ]
    if variance:
        k = len(variance.share)
        more = f"in {k:,} component{'s' * (k > 1)}"
        tiles.append(Tile(percent(variance.cumulative[-1] / 100), "of the variance kept", more))
    if metrics and metrics.test_images:
        images = "images of known labels" if metrics.applied else "test images, optimistic"
        tiles.append(Tile(percent(metrics.accuracy), "test accuracy", f"{metrics.test_images:,} {images}"))
    return tiles


def _on(cores: int) -> str:
    return f"on {cores:,} core{'s' * (cores > 1)}" if cores else ""


def _summary(findings: Findings) -> str:
    counts, metrics, variance = findings.counts, findings.metrics, findings.variance
    labels = f"{len(counts.labels):,} label{'s' * (len(counts.labels) != 1)}"
    sentences = [f"{_images(counts.features)} of {labels} became embeddings."]
    if variance:
        k = len(variance.share)
        keep = "component keeps" if k == 1 else "components keep"
        sentences.append(f"{k:,} {keep} {percent(variance.cumulative[-1] / 100)} of what sets them apart.")
    if metrics and metrics.test_images:
        whose = "The classifier of an earlier run" if metrics.applied else "A classifier on them"
        kind = f" ({metrics.kind})"
        sentences.append(
            f"{whose}{kind} names {percent(metrics.accuracy)} of {_images(metrics.test_images, 'test ')} rightly."
        )
    return " ".join(sentences)


def _images(number: int, what: str = "") -> str:
    return f"{number:,} {what}image{'s' * (number != 1)}"


def _finished(findings: Findings) -> float:
    """Return when the run ended, or when it was last seen to work."""
    return findings.record.finished or max((marker.finished for marker in findings.markers), default=0.0)


def _variance_steps(variance: Variance | None) -> list[tuple[int, float, float]]:
    """Return rows of the table: component, its share and all up to it, in [0, 1]."""
    if variance is None:
        return []
    last = len(variance.share)
    shown = sorted({k for k in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500) if k < last} | {last})
    return [(k, float(variance.share[k - 1]) / 100, float(variance.cumulative[k - 1]) / 100) for k in shown]


def worst_confusions(metrics: Metrics) -> list[Confusion]:
    """Return the most frequent pairs of true and predicted label that differ, at most :data:`WORST`."""
    wrong = metrics.confusion.copy()
    np.fill_diagonal(wrong, 0)
    support = np.maximum(metrics.confusion.sum(axis=1), 1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:WORST]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True)]
    names = metrics.labels
    return [
        Confusion(names[i], names[j], int(wrong[i, j]), float(wrong[i, j] / support[i]))
        for i, j in pairs
        if wrong[i, j]
    ]


def _columns(name: str) -> str:
    if name not in SCHEMAS:
        return "the same tables as CSV"
    return ", ".join(SCHEMAS[name].names)


def _snippet(findings: Findings) -> list[str]:
    name, column = (PCA, "components") if PCA in findings.tables else (FEATURES, "embedding")
    return [
        "import numpy as np, pyarrow.parquet as pq",
        f"table = pq.read_table({f'{findings.out}/{name}'!r})",
        f'X, y = np.stack(table["{column}"].to_numpy()), table["label"].to_numpy()',
    ]


def _finalize(value: Any) -> Any:  # noqa: ANN401 - whatever the template prints
    """Make every plain string of the template's visible; markup is our own."""
    plain = isinstance(value, str) and not hasattr(value, "__html__")
    return visible(value) if plain else value


def _safe(text: str) -> Markup:
    from markupsafe import Markup  # noqa: PLC0415

    return Markup(text)  # noqa: S704 - our own figures and style
