"""Fruits-360's own test on the released bundle's embedding: a laboratory number, and no estimate of anything else.

    python bench/fruits_360.py DIR [--bundle FILE]

DIR holds Training and Test, a folder per class. The last line is JSON: accuracy, classes, images.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from heads import Head, embed

from fruits.engine.backbone import bundle_backbone
from fruits.vision.embedder import Embedder


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, help="a bundle's .onnx file (the released one)")
    arguments = parser.parse_args()
    train, test = (sorted((arguments.folder / part).glob("*/*.jpg")) for part in ("Training", "Test"))
    if not train or not test:
        print(f"{arguments.folder} lacks Training or Test: give the data set's folder", file=sys.stderr)
        return 2
    embedder = Embedder(bundle_backbone(arguments.bundle).graph)
    head = Head(embed(train, embedder, crops=False), np.array([path.parent.name for path in train]))
    said = head.classes[head.probabilities(embed(test, embedder, crops=False)).argmax(1)]
    right = float(np.mean(said == np.array([path.parent.name for path in test])))
    print(json.dumps({"accuracy": round(right, 4), "classes": len(head.classes), "images": len(test)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
