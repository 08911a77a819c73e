"""The Grocery Store Dataset's protocol (Klasson et al., WACV 2019) on the released bundle's embedding.

    python bench/grocery_store.py DIR [--bundle FILE]

DIR has that data set's layout: train.txt, test.txt (or else val.txt), classes.csv, and the photos they name. A linear
head is trained on the embeddings of ``train`` alone; each photo is seen whole and mirrored, training photos in crops
too. The last line is JSON: fine and coarse accuracy, and how many images they were measured on.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fruits.engine.backbone import bundle_backbone
from fruits.vision.decode import decode
from fruits.vision.embedder import Embedder

CROPS = ((0.0, 0.0), (0.2, 0.0), (0.0, 0.2), (0.2, 0.2), (0.1, 0.1))
CROP = 0.8
PENALTY = 0.02


def read_list(folder: Path, name: str) -> tuple[list[Path], np.ndarray, np.ndarray]:
    lines = [line.split(",") for line in (folder / name).read_text().splitlines() if line.strip()]
    paths = [folder / line[0].strip() for line in lines]
    fine, coarse = (np.array([int(line[column]) for line in lines]) for column in (1, 2))
    return paths, fine, coarse


def embed(paths: list[Path], embedder: Embedder, crops: bool) -> np.ndarray:
    """Embeddings float32 [photos, views, 1280]: whole, mirrored, then crops."""
    size = embedder.size

    def one(path: Path) -> np.ndarray:
        pixels = decode(path.read_bytes()).pixels
        photo = Image.fromarray(pixels)
        w, h = photo.size
        boxes = [(0.0, 0.0, float(w), float(h))]
        if crops:
            boxes += [(x * w, y * h, (x + CROP) * w, (y + CROP) * h) for x, y in CROPS]
        views = [np.array(photo.resize((size, size), Image.Resampling.BICUBIC, box=box)) for box in boxes]
        return embedder.embed(np.stack([view for each in views for view in (each, each[:, ::-1])]))

    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(one, paths)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, help="a bundle's .onnx file (the released one)")
    arguments = parser.parse_args()
    folder = arguments.folder
    held = "test.txt" if (folder / "test.txt").is_file() else "val.txt"
    if not (folder / "train.txt").is_file() or not (folder / held).is_file():
        print(f"{folder} lacks train.txt, or test.txt and val.txt: give the data set's folder", file=sys.stderr)
        return 2
    with (folder / "classes.csv").open(newline="") as stream:
        coarse_of = {int(row["Class ID (int)"]): int(row["Coarse Class ID (int)"]) for row in csv.DictReader(stream)}
    embedder = Embedder(bundle_backbone(arguments.bundle).graph)
    paths, fine, _ = read_list(folder, "train.txt")
    print(f"embedding {len(paths):,} photos of train", file=sys.stderr)
    seen = embed(paths, embedder, crops=True)
    views = seen.shape[1]
    scaler = StandardScaler().fit(seen.reshape(-1, seen.shape[2]))
    head = LogisticRegression(C=PENALTY, max_iter=300)
    head.fit(scaler.transform(seen.reshape(-1, seen.shape[2])), np.repeat(fine, views))
    paths, fine, coarse = read_list(folder, held)
    print(f"embedding {len(paths):,} photos of {held.removesuffix('.txt')}", file=sys.stderr)
    new = embed(paths, embedder, crops=False)
    chances = np.mean([head.predict_proba(scaler.transform(new[:, view])) for view in range(new.shape[1])], axis=0)
    groups = np.array([coarse_of[int(each)] for each in head.classes_])
    kinds = np.unique(groups)
    by_kind = np.stack([chances[:, groups == kind].sum(1) for kind in kinds], axis=1)
    right_fine = float((head.classes_[chances.argmax(1)] == fine).mean())
    right_coarse = float((kinds[by_kind.argmax(1)] == coarse).mean())
    print(json.dumps({"fine": round(right_fine, 4), "coarse": round(right_coarse, 4), "images": len(paths)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
