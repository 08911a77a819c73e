"""Names given on the command line, found among what several rooms offer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fruits.vision.backbones import Backbone


def find_backbone(name: str | None, cache: Path, file: Path | None = None) -> Backbone:
    """The backbone of that name; None, or the released bundle's name, is the released bundle's embedding.

    Raises the errors of ``load_bundle`` and ``load_backbone``.
    """
    from fruits.engine.bundle import RELEASED

    if name is None or (name == RELEASED and file is None):
        from fruits.engine.backbone import bundle_backbone

        return bundle_backbone()
    from fruits.vision.backbones import load_backbone

    return load_backbone(name, cache, file)
