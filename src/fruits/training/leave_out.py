"""What a training loses without some of its sources, told in minutes and not in hours.

A linear head on the frozen ImageNet embedding learns species from the sources, then from the sources without some, and
is measured each time on one source that it never sees. No fine-tuning: the differences are what the photos add, not
what the released network scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from fruits.training.pixels import PixelStore
from fruits.training.sources import Example
from fruits.vision.backbones import IMAGENET, load_backbone
from fruits.vision.embedder import Embedder

UNLICENSED = ("ripeness", "plates")
JUDGE = "web-produce-b"
PENALTY = 50.0
"""Weight of half the squared coefficients against the summed cross-entropy: 1 / C of ``bench/heads.py``."""
STEPS = 100

Floats = NDArray[np.float32]


def costs_of_leaving_out(
    examples: Sequence[Example], store: PixelStore, judge: str = JUDGE, sources: Sequence[str] = UNLICENSED
) -> dict[str, dict[str, float]]:
    """Top 1 and top 5 on the source ``judge``, 0 to 1, by which of ``sources`` are left out: none, each, all.

    Measured on the judge's photos of species that some other source has. Empty where the judge is not there.
    """
    known = [each for each in examples if each.species and each.split == "train"]
    rest = [each for each in known if each.source != judge]
    species = sorted({each.species for each in rest})
    test = [each for each in known if each.source == judge and each.species in species]
    there = [source for source in sources if any(each.source == source for each in rest)]
    if not test or not there:
        return {}
    features = dict(zip((each.path for each in (*rest, *test)), _features([*rest, *test], store), strict=True))
    goal = np.array([species.index(each.species) for each in test])
    seen = np.stack([features[each.path] for each in test])
    found = {}
    for without in dict.fromkeys(((), *((source,) for source in there), tuple(there))):
        kept = [each for each in rest if each.source not in without]
        head = _Head(
            np.stack([features[each.path] for each in kept]),
            np.array([species.index(each.species) for each in kept]),
            len(species),
        )
        ranked = np.argsort(-head.logits(seen), axis=1)
        found[" and ".join(without) or "nothing"] = {
            "top1": round(float((ranked[:, 0] == goal).mean()), 4),
            "top5": round(float((ranked[:, :5] == goal[:, None]).any(1).mean()), 4),
        }
    return found


def _features(examples: Sequence[Example], store: PixelStore) -> Floats:
    """ImageNet embeddings float32 [n, 1280] of the whole photos."""
    embedder = Embedder(load_backbone(IMAGENET, Path()).graph, threads=torch.get_num_threads())
    size, parts = embedder.size, []
    for start in range(0, len(examples), 32):
        photos = [Image.fromarray(store.get(each.path)) for each in examples[start : start + 32]]
        parts.append(
            embedder.embed(np.stack([np.array(p.resize((size, size), Image.Resampling.BICUBIC)) for p in photos]))
        )
    return np.concatenate(parts)


class _Head:
    """Multinomial logistic regression on standardised features."""

    def __init__(self, features: Floats, goal: NDArray[np.int64], classes: int) -> None:
        self._mean, self._std = features.mean(0), features.std(0) + 1e-6
        x, y = torch.from_numpy(self._scaled(features)), torch.from_numpy(goal)
        self._weight = torch.zeros(x.shape[1], classes, requires_grad=True)
        self._bias = torch.zeros(classes, requires_grad=True)
        solver = torch.optim.LBFGS([self._weight, self._bias], max_iter=STEPS, line_search_fn="strong_wolfe")

        def loss() -> torch.Tensor:
            solver.zero_grad()
            fit = torch.nn.functional.cross_entropy(x @ self._weight + self._bias, y, reduction="sum")
            total = fit + PENALTY / 2 * self._weight.square().sum()
            total.backward()
            return total

        solver.step(loss)

    def _scaled(self, features: Floats) -> Floats:
        scaled: Floats = (features - self._mean) / self._std
        return scaled

    def logits(self, features: Floats) -> Floats:
        with torch.no_grad():
            logits: Floats = (torch.from_numpy(self._scaled(features)) @ self._weight + self._bias).numpy()
        return logits
