"""Settings that commands read from the environment; rooms below get them as arguments."""

from __future__ import annotations

import os
from pathlib import Path

from fruits.storage import StorageOptions


def backbone_cache() -> Path:
    """Return where fetched and added backbones are kept: ``FRUITS_BACKBONES``, else the user's cache folder."""
    if given := os.environ.get("FRUITS_BACKBONES"):
        return Path(given).expanduser()
    return _cache() / "backbones"


def java_archives() -> Path:
    """Return where archives of Spark's classes are kept."""
    return _cache() / "java"


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fruits"


def storage_options() -> StorageOptions:
    """Return how to reach S3: the variables that AWS's own tools read."""
    return StorageOptions(
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None,
        endpoint=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None,
    )


def model_folder() -> Path:
    """Return where bundles beside the package's are kept: ``FRUITS_MODELS``, else the user's cache folder."""
    if given := os.environ.get("FRUITS_MODELS"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fruits" / "models"
