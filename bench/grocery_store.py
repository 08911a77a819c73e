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
from pathlib import Path

import numpy as np
from heads import Head, embed

from fruits.engine.backbone import bundle_backbone
from fruits.vision.embedder import Embedder


def read_list(folder: Path, name: str) -> tuple[list[Path], np.ndarray, np.ndarray]:
    """Paths, fine classes and coarse classes of a list file."""
    lines = [line.split(",") for line in (folder / name).read_text().splitlines() if line.strip()]
    fine, coarse = (np.array([int(line[column]) for line in lines]) for column in (1, 2))
    return [folder / line[0].strip() for line in lines], fine, coarse


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, help="a bundle's .onnx file (the released one)")
    arguments = parser.parse_args()
    folder = arguments.folder
    held = "test.txt" if (folder / "test.txt").is_file() else "val.txt"
    missing = [name for name in ("train.txt", held, "classes.csv") if not (folder / name).is_file()]
    if missing:
        print(f"{folder} lacks {', '.join(missing)}: give the data set's folder", file=sys.stderr)
        return 2
    with (folder / "classes.csv").open(newline="") as stream:
        coarse_of = {int(row["Class ID (int)"]): int(row["Coarse Class ID (int)"]) for row in csv.DictReader(stream)}
    embedder = Embedder(bundle_backbone(arguments.bundle).graph)
    paths, fine, _ = read_list(folder, "train.txt")
    print(f"embedding {len(paths):,} photos of train", file=sys.stderr)
    head = Head(embed(paths, embedder, crops=True), fine)
    paths, fine, coarse = read_list(folder, held)
    print(f"embedding {len(paths):,} photos of {held.removesuffix('.txt')}", file=sys.stderr)
    chances = head.probabilities(embed(paths, embedder, crops=False))
    groups = np.array([coarse_of[int(each)] for each in head.classes])
    kinds = np.unique(groups)
    by_kind = np.stack([chances[:, groups == kind].sum(1) for kind in kinds], axis=1)
    right_fine = float((head.classes[chances.argmax(1)] == fine).mean())
    right_coarse = float((kinds[by_kind.argmax(1)] == coarse).mean())
    print(json.dumps({"fine": round(right_fine, 4), "coarse": round(right_coarse, 4), "images": len(paths)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
