"""The chain on Spark: manifest, embeddings, components, classifier, report.

>>> from fruits.engine.backbone import bundle_backbone
>>> from fruits.pipeline import Options, run
>>> record = run("images", "out", bundle_backbone(), Options(components=50))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fruits.pipeline.chain import run
    from fruits.pipeline.options import Options

__all__ = ["Options", "run"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the chain exports
    """Import the chain, and Spark with it, only when it is asked for."""
    if name == "run":
        from fruits.pipeline.chain import run  # noqa: PLC0415

        return run
    if name == "Options":
        from fruits.pipeline.options import Options  # noqa: PLC0415

        return Options
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
