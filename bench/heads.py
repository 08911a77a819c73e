"""A linear head on the embeddings of a bundle: what both protocols of published comparisons ask for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fruits.vision.decode import decode
from fruits.vision.embedder import Embedder

CROPS = ((0.0, 0.0), (0.2, 0.0), (0.0, 0.2), (0.2, 0.2), (0.1, 0.1))
CROP = 0.8
PENALTY = 0.02


def embed(paths: list[Path], embedder: Embedder, crops: bool) -> np.ndarray:
    """Embeddings float32 [photos, views, 1280]: whole, mirrored, then crops."""
    size = embedder.size

    def one(path: Path) -> np.ndarray:
        photo = Image.fromarray(decode(path.read_bytes()).pixels)
        w, h = photo.size
        boxes = [(0.0, 0.0, float(w), float(h))]
        if crops:
            boxes += [(x * w, y * h, (x + CROP) * w, (y + CROP) * h) for x, y in CROPS]
        views = [np.array(photo.resize((size, size), Image.Resampling.BICUBIC, box=box)) for box in boxes]
        return embedder.embed(np.stack([view for each in views for view in (each, each[:, ::-1])]))

    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(one, paths)))


class Head:
    """Multinomial logistic regression on standardised embeddings."""

    def __init__(self, views: np.ndarray, labels: np.ndarray, penalty: float = PENALTY) -> None:
        """views: float32 [photos, views, d]; labels [photos]."""
        flat = views.reshape(-1, views.shape[2])
        self._scaler = StandardScaler().fit(flat)
        self._head = LogisticRegression(C=penalty, max_iter=300)
        self._head.fit(self._scaler.transform(flat), np.repeat(labels, views.shape[1]))

    @property
    def classes(self) -> np.ndarray:
        """Labels in the order of the probabilities' columns."""
        return np.asarray(self._head.classes_)

    def probabilities(self, views: np.ndarray) -> np.ndarray:
        """The mean over a photo's views, float64 [photos, classes]."""
        each = [self._head.predict_proba(self._scaler.transform(views[:, view])) for view in range(views.shape[1])]
        return np.asarray(np.mean(each, axis=0))
