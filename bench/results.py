"""What was measured, as a page."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

CHAINS = {
    "ours": "Fruits!, its default (the bundle: int8, 192 px)",
    "ours_imagenet": "Fruits!, EfficientNet-Lite0 of ImageNet (224 px)",
    "ours_int8": "Fruits!, the same in int8 (224 px)",
    "ours_mobilenetv2": "Fruits!, MobileNetV2's graph (fp32, random weights, 224 px)",
    "reference": "the published chain (Keras, pandas UDF, Spark ML)",
}
_ENGINE = {
    "load": "loading the bundle, ms",
    "model_ms": "one photo, model only, one core, ms",
    "identify_ms": "whole identify of a 12-megapixel JPEG, one core, ms",
    "small_ms": "whole identify of a 640 x 480 JPEG, one core, ms",
    "batch_per_s": "photos a second, model only, batches of 16, a thread for each core",
}


def write_results(results: dict[str, Any]) -> str:
    """Return RESULTS.md."""
    parts = ["# Results\n\nWritten by `make bench`; figures are medians where several runs are given.\n"]
    parts.append("\n".join(f"- {name}: {value}" for name, value in results["machine"].items()) + "\n")
    for name, write in _PARTS.items():
        if name in results:
            parts.append(write(results[name]))
    return "\n".join(parts)


def _median(runs: list[Any], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def _chain(found: dict[str, list[Any]]) -> str:
    lines = [
        f"## End to end, start-up included: {found['ours'][0]['images']:,} images of Fruits-360\n",
        "| chain | seconds (all runs) | images a second | ratio |",
        "|---|---|---|---|",
    ]
    base = _median(found["reference"], "images_per_s")
    for name, runs in found.items():
        rate = _median(runs, "images_per_s")
        seconds = ", ".join(str(run["seconds"]) for run in runs)
        lines.append(f"| {CHAINS[name]} | {seconds} | {rate:.1f} | {rate / base:.1f} |")
    stages = found["ours"][0]["stages"]
    lines.append(
        "\nSeconds by stage, first run of ours: " + ", ".join(f"{k} {v:.1f}" for k, v in stages.items()) + ".\n"
    )
    return "\n".join(lines)


def _components(found: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"## Components: 50 of {found['rows']:,} x 1,280 float32 vectors, read from Parquet\n",
            "| | seconds (all runs) | subspace | explained variance | orthonormality |",
            "|---|---|---|---|---|",
            _quality("Fruits!", found["ours_s"], found["ours"]),
            _quality("Spark ML PCA", found["spark_ml_s"], found["spark_ml"]),
            f"\nRatio of the medians: {found['ratio']}. Quality is the largest relative difference from scikit-learn's"
            " full SVD (float64) of the same rows: 1 - cosine of the principal angles, and each share of variance.\n",
        ]
    )


def _quality(name: str, seconds: list[float], found: dict[str, float]) -> str:
    numbers = " | ".join(f"{found[key]:.1e}" for key in ("subspace", "variance", "orthonormality"))
    return f"| {name} | {', '.join(map(str, seconds))} | {numbers} |"


def _memory(runs: list[Any]) -> str:
    lines = [
        "## Memory by number of images (peak resident set, MB)\n",
        "| images | driver, Python | driver, JVM | driver, both | largest worker | images a second |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs:
        peak = {name: value / 2**20 for name, value in run["peak_memory"].items()}
        both = peak["driver"] + peak["jvm"]
        lines.append(
            f"| {run['images']:,} | {peak['driver']:.0f} | {peak['jvm']:.0f} | {both:.0f} | {peak['worker']:.0f}"
            f" | {run['images_per_s']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _scaling(found: dict[str, list[Any]]) -> str:
    lines = [
        "## Scaling: the same images on one core and two\n",
        "| where | seconds, all (median) | seconds, embedding (median) | against one core, embedding |",
        "|---|---|---|---|",
    ]
    embedding = {name: statistics.median(run["stages"]["embedding"] for run in runs) for name, runs in found.items()}
    for name, runs in found.items():
        base = embedding["local[1]" if name.startswith("local") else "cluster of 1"]
        lines.append(
            f"| {name} | {_median(runs, 'seconds'):.1f} | {embedding[name]:.1f} | {base / embedding[name]:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _engine(found: dict[str, float]) -> str:
    lines = ["## The bundle\n", "| | median |", "|---|---|"]
    lines += [f"| {_ENGINE[name]} | {value:.1f} |" for name, value in found.items()]
    return "\n".join(lines) + "\n"


def _web(found: str) -> str:
    return f"## The server under load\n{found}"


_PARTS: dict[str, Callable[[Any], str]] = {
    "chain": _chain,
    "components": _components,
    "memory": _memory,
    "scaling": _scaling,
    "engine": _engine,
    "web": _web,
}
