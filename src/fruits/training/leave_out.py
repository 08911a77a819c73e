"""What a training loses without some of its sources, told in minutes and not in hours.

A linear head on the frozen ImageNet embedding learns species from the sources, then from the sources without some, and
is measured each time on one source that it never sees. No fine-tuning: the differences are what the photos add, not
what the released network scores.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fruits.training.pixels import PixelStore, stretched
from fruits.training.sources import Example
from fruits.vision.backbones import IMAGENET, load_backbone
from fruits.vision.embedder import Embedder

UNLICENSED = ("ripeness", "plates")
JUDGE = "web-produce-b"
PENALTY = 0.02
"""scikit-learn's C, the inverse of the penalty on the coefficients: that of ``bench/heads.py``."""
BATCH = 32

Floats = NDArray[np.float32]


def costs_of_leaving_out(
    examples: Sequence[Example], store: PixelStore, judge: str = JUDGE, sources: Sequence[str] = UNLICENSED
) -> dict[str, dict[str, float]]:
    """Top 1 and top 5 on the source ``judge``, 0 to 1, by which of ``sources`` are left out: none, each, all.

    Measured on the judge's photos of species that some other source has. Empty where the judge is not there.
    """
    known = [each for each in examples if each.species and each.split == "train"]
    rest = [each for each in known if each.source != judge]
    species = {each.species for each in rest}
    test = [each for each in known if each.source == judge and each.species in species]
    there = [source for source in sources if any(each.source == source for each in rest)]
    if not test or not there:
        return {}
    seen, features = _features(test, store), _features(rest, store)
    goal, names = np.array([each.species for each in test]), np.array([each.species for each in rest])
    found = {}
    for without in dict.fromkeys(((), *((source,) for source in there), tuple(there))):
        kept = np.array([each.source not in without for each in rest])
        head = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, tol=1e-3, max_iter=300))
        head.fit(features[kept], names[kept])
        ranked = head.classes_[np.argsort(-head.predict_proba(seen), axis=1)]
        found[" and ".join(without) or "nothing"] = {
            "top1": round(float((ranked[:, 0] == goal).mean()), 4),
            "top5": round(float((ranked[:, :5] == goal[:, None]).any(1).mean()), 4),
        }
    return found


def _features(examples: Sequence[Example], store: PixelStore) -> Floats:
    """ImageNet embeddings float32 [n, 1280] of the whole photos."""
    embedder = Embedder(load_backbone(IMAGENET, Path()).graph, threads=os.cpu_count() or 1)
    parts = [
        embedder.embed(np.stack([stretched(store.get(each.path), embedder.size) for each in examples[i : i + BATCH]]))
        for i in range(0, len(examples), BATCH)
    ]
    return np.concatenate(parts)
