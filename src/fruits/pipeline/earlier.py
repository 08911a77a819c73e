"""What a run keeps for ``--apply``, and what ``--apply`` takes from it: backbone, components, classifier."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fruits.pipeline.classifier import CLASSIFIER_FILE
from fruits.pipeline.classifier_arrays import ArrayClassifier
from fruits.pipeline.components import COMPONENTS_FILE
from fruits.pipeline.errors import UsageError
from fruits.pipeline.options import Options
from fruits.pipeline.stages import fingerprint
from fruits.records import MODEL, to_json
from fruits.reduction import PrincipalComponents
from fruits.storage import MissingError, Storage, StorageOptions, open_storage
from fruits.vision.backbones import Backbone

BACKBONE_FILE = f"{MODEL}/backbone.onnx"
BACKBONE_CARD = f"{MODEL}/backbone.json"


def backbone_card(backbone: Backbone) -> dict[str, Any]:
    """What is recorded of a backbone: all but its graph."""
    names = ("name", "size", "dimensions", "digest", "source_sha256", "licence")
    return {name: getattr(backbone, name) for name in names}


def keep_backbone(out: Storage, backbone: Backbone) -> None:
    """Write the backbone into OUT, where :func:`earlier_backbone` finds it."""
    out.write(BACKBONE_FILE, backbone.graph)
    card = backbone_card(backbone) | {"graph_sha256": hashlib.sha256(backbone.graph).hexdigest()}
    out.write(BACKBONE_CARD, to_json(card))


def earlier_backbone(out: str, storage: StorageOptions | None = None) -> Backbone:
    """Return the backbone that an earlier run kept in its OUT, for :attr:`Options.apply`.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    place = open_storage(out, storage)
    try:
        card, graph = json.loads(place.read(BACKBONE_CARD)), place.read(BACKBONE_FILE)
    except (MissingError, ValueError) as error:
        raise UsageError(f"--apply {place.uri}: {BACKBONE_FILE} is missing; give the OUT of a finished run") from error
    if hashlib.sha256(graph).hexdigest() != card.pop("graph_sha256", ""):
        raise UsageError(f"--apply {place.uri}: {BACKBONE_FILE} has changed since the run; run that one again")
    return Backbone(graph=graph, **card)


@dataclass(frozen=True)
class Earlier:
    """What ``--apply`` takes from an earlier run."""

    components: PrincipalComponents
    classifier: ArrayClassifier | None
    digest: str

    @classmethod
    def open(cls, options: Options, backbone: Backbone) -> Earlier:
        """Read the components and the classifier of the run at ``options.apply``.

        Raises:
            UsageError: it has no components, or they were fitted on another backbone.
        """
        earlier = open_storage(options.apply or "", options.storage)
        try:
            content = earlier.read(COMPONENTS_FILE)
        except MissingError as error:
            raise UsageError(f"--apply {earlier.uri}: there is no {COMPONENTS_FILE}; give the OUT of a run") from error
        components = PrincipalComponents.load(content)
        if components.source != backbone.digest:
            raise UsageError(
                f"--apply {earlier.uri}: its components were fitted on another backbone than {backbone.name}"
            )
        try:
            arrays = earlier.read(CLASSIFIER_FILE)
        except MissingError:
            return cls(components, None, fingerprint(content.hex()))
        return cls(components, ArrayClassifier.load(arrays), fingerprint(content.hex(), arrays.hex()))
