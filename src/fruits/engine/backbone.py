"""A bundle as a backbone of the chain: the same file, of which the chain takes the embedding."""

from __future__ import annotations

from pathlib import Path

from fruits.engine.bundle import DIMENSIONS, load_bundle
from fruits.vision.backbones import Backbone


def bundle_backbone(path: Path | None = None) -> Backbone:
    """The backbone of a bundle's ONNX file, None being the released one; raises ``BundleError``.

    Its digest is the file's: embeddings of two versions of a bundle never share a table.
    """
    bundle = load_bundle(path)
    card = bundle.card
    licence = str(card.raw.get("licence", "not stated"))
    return Backbone(card.name, card.size, DIMENSIONS, card.sha256, card.sha256, bundle.graph, licence)
