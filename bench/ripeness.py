"""Could the engine say ripe or unripe? A linear head on the bundle's embedding, measured where it learnt and elsewhere.

    python bench/ripeness.py DATA [--bundle FILE]

For each species: the share right in five-fold cross-validation on the source `ripeness` (photos found by the words
"ripe" and "raw"), and the share of photos of other sources called ripe. Shops and web searches show mostly ripe fruit:
a head that has learnt ripeness calls nearly all of those ripe, one that has learnt "green" does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from heads import PENALTY, embed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from fruits.engine.backbone import bundle_backbone
from fruits.training.sources import Example, read_sources
from fruits.vision.embedder import Embedder

ELSEWHERE = ("grocery-store", "web-produce-a", "web-produce-b")


def head() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))


def row(species: str, examples: list[Example], embedder: Embedder) -> str:
    """A line of the table."""
    own = [each for each in examples if each.species == species]
    learnt = [each for each in own if each.state]
    features = embed([each.path for each in learnt], embedder, crops=False)[:, 0]
    ripe = np.array([each.state == "Ripe" for each in learnt])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    cells = [species, f"{(cross_val_predict(head(), features, ripe, cv=folds) == ripe).mean():.2f} of {len(learnt)}"]
    fitted = head().fit(features, ripe)
    for source in ELSEWHERE:
        paths = [each.path for each in own if each.source == source]
        said = fitted.predict(embed(paths, embedder, crops=False)[:, 0]) if paths else np.array([])
        cells.append(f"{said.mean():.2f} of {len(said)}" if paths else "-")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bundle", type=Path, help="an .onnx file instead of the released one")
    options = parser.parse_args()
    examples = read_sources(options.data)
    embedder = Embedder(bundle_backbone(options.bundle).graph, threads=1)
    print(f"| species | right on ripeness | {' | '.join(f'called ripe, {source}' for source in ELSEWHERE)} |")
    print("|---|---|---|---|---|")
    for species in sorted({each.species for each in examples if each.state}):
        print(row(species, examples, embedder), flush=True)


if __name__ == "__main__":
    main()
