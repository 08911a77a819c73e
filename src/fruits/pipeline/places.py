"""Where a run reads and writes: IMAGES and OUT opened, and what makes them unfit found before work starts."""

from __future__ import annotations

import os

from fruits.pipeline.errors import UsageError
from fruits.records import MANIFEST, RUN, RunRecord
from fruits.storage import MissingError, Storage, StorageError, StorageOptions, is_remote, open_storage
from fruits.vision.backbones import Backbone


def open_places(images: str, out: str, options: StorageOptions) -> tuple[Storage, Storage]:
    """Open IMAGES and OUT, neither of which may lie inside the other: ``--fresh`` would delete images."""
    try:
        source, target = open_storage(images, options), open_storage(out, options)
        inner, outer = (_real(place.uri).rstrip("/") + "/" for place in (target, source))
        if inner.startswith(outer):
            raise UsageError(f"OUT {target.uri} lies inside IMAGES {source.uri}; choose a place outside it")
        if outer.startswith(inner):
            raise UsageError(f"IMAGES {source.uri} lies inside OUT {target.uri}; choose an OUT beside it")
        next(source.list(), None)
    except StorageError as error:
        raise UsageError(str(error)) from error
    return source, target


def _real(uri: str) -> str:
    return uri if is_remote(uri) else os.path.realpath(uri)


def check_out(out: Storage, record: RunRecord, backbone: Backbone, fresh: bool) -> None:
    """Refuse an OUT that is not this run's to write.

    Raises:
        UsageError: it holds something else, or a run over other images or with another backbone and not ``fresh``.
    """
    try:
        earlier = RunRecord.from_json(out.read(RUN))
    except MissingError:
        _check_empty(out)
        return
    except StorageError as error:
        raise UsageError(str(error)) from error
    except (ValueError, TypeError) as error:
        if fresh:
            return
        raise UsageError(f"{out.uri}/{RUN} cannot be understood; use --fresh to start over") from error
    if fresh:
        return
    if earlier.images != record.images:
        raise UsageError(
            f"OUT {out.uri} holds a run over {earlier.images}; choose another OUT, or --fresh to start over"
        )
    if earlier.backbone and earlier.backbone.get("digest") != backbone.digest:
        raise UsageError(
            f"OUT {out.uri} holds embeddings of the backbone {earlier.backbone.get('name')}, not {backbone.name};"
            " choose another OUT, or --fresh to start over"
        )


def _check_empty(out: Storage) -> None:
    """Refuse an OUT that is somebody else's: without a record, a run has left at most its manifest."""
    try:
        stranger = next((entry for entry in out.list() if entry.key.split("/")[0] != MANIFEST), None)
    except MissingError as error:
        if is_remote(out.uri):  # no such bucket
            raise UsageError(str(error)) from error
        return  # made by the first write
    except StorageError as error:
        raise UsageError(str(error)) from error
    if stranger is not None:
        raise UsageError(f"OUT {out.uri} is not empty and holds no run; choose an empty folder")
