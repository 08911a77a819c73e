"""What a run is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fruits.pipeline.classifier import KINDS
from fruits.pipeline.errors import UsageError
from fruits.storage import StorageOptions


@dataclass(frozen=True)
class Options:
    """How to run the chain; the command line's options by the same names.

    Attributes:
        components: how many principal components; None with ``variance``.
        variance: instead, the share of the variance to reach, in (0, 1].
        classifier: ``logistic``, ``svm``, ``mlp`` or ``none``.
        apply: an earlier OUT whose backbone, components and classifier are used instead of fitting.
        limit: at most so many images, spread over the labels.
        labels: only labels like one of these patterns (``Apple*``).
        csv: write the tables as CSV too.
        max_errors: stop when more than this share of the images is refused, 0 to 1.
        fresh: forget what OUT holds.
        master: Spark master URL; None for all cores of this machine.
        batch_size: images per slice; None to choose.
        storage: how S3 is reached.
        spark_settings: further Spark settings.
        archives: folder of :func:`fruits.pipeline.java.make_class_archive`; None to start Spark without.
    """

    components: int | None = 50
    variance: float | None = None
    classifier: str = "logistic"
    apply: str | None = None
    limit: int | None = None
    labels: Sequence[str] = ()
    csv: bool = False
    max_errors: float = 0.05
    fresh: bool = False
    master: str | None = None
    batch_size: int | None = None
    storage: StorageOptions = field(default_factory=StorageOptions)
    spark_settings: dict[str, str] = field(default_factory=dict)
    archives: Path | None = None

    def check(self) -> None:
        """Raise :class:`UsageError` for a wish that no run can fulfil."""
        if self.components is not None and self.components < 1:
            raise UsageError(f"--components must be at least 1, not {self.components}")
        if self.variance is not None and not 0 < self.variance <= 1:
            raise UsageError(f"--variance must be above 0 and at most 1, not {self.variance}")
        if self.classifier not in (*KINDS, "none"):
            raise UsageError(f"--classifier must be one of {', '.join(KINDS)}, none; not {self.classifier}")
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"--limit must be at least 1, not {self.limit}")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"--batch-size must be at least 1, not {self.batch_size}")
        if not 0 <= self.max_errors <= 1:
            raise UsageError(f"--max-errors must be between 0 and 1, not {self.max_errors}")
