"""The chain on Spark: manifest, embeddings, components, classifier, report.

>>> from fruits.pipeline import run
>>> record = run("images", "out", components=50)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fruits.pipeline.chain import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the chain exports
    """Import the chain, and Spark with it, only when it is asked for."""
    if name == "run":
        from fruits.pipeline.chain import run  # noqa: PLC0415

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
