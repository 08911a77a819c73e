"""What a run leaves behind, as types: the run record, the marker of a slice, the names of the tables.

Read by the pipeline, the report and the cloud; all of it is JSON on disk, written by :func:`to_json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

RUN = "run.json"
REPORT = "report.html"
FEATURES = "features"
PCA = "pca"
METADATA = "metadata"
ERRORS = "errors"
PREDICTIONS = "predictions"
CSV = "csv"
MODEL = "model_info"
EVENTS = "spark-events"
# Names that begin with an underscore are bookkeeping: Spark and pyarrow leave them out when they read OUT.
MANIFEST = "_manifest"
SLICES = "_slices"
STAGES = "_stages"

TABLES = (FEATURES, METADATA, ERRORS, PCA, PREDICTIONS)
EVERYTHING = (*TABLES, CSV, MODEL, EVENTS, MANIFEST, SLICES, STAGES)

Status = Literal["running", "done", "failed", "stopped"]


@dataclass(frozen=True)
class SliceMarker:
    """Says that a slice of the manifest is committed: its files were written before this was.

    Attributes:
        slice: the slice's id, ``<run>-<number>``; ids sort in the order in which slices were planned.
        backbone: digest of the backbone that made its embeddings.
        first, last: smallest and largest key of the slice (surrogate escapes as ``\\udcNN``).
        images: rows of its manifest; always ``features + errors``.
        features, errors: rows written to either table.
        carried: rows taken over from slices that this one replaces, not embedded again.
        bytes_read: bytes of image files read.
        reasons: errors by reason.
        labels, splits: features by label and by split.
        started, finished: seconds since 1970, UTC.
        peak_memory: largest resident set of the worker so far, bytes.
        worker: host and process id of the worker.
    """

    slice: str
    backbone: str
    first: str
    last: str
    images: int
    features: int
    errors: int
    carried: int = 0
    bytes_read: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    started: float = 0.0
    finished: float = 0.0
    peak_memory: int = 0
    worker: str = ""

    def to_json(self) -> bytes:
        """Return the marker as UTF-8 JSON."""
        return to_json(asdict(self))

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a marker; fields of a later version are ignored."""
        return cls(**_known(cls, json.loads(content)))


@dataclass
class RunRecord:
    """``run.json``: what was asked, with what, how far it is, how long it took.

    Attributes:
        run: id of the run that last changed OUT.
        status: ``running``, ``done``, ``failed`` (an error) or ``stopped`` (interrupted, or too many errors).
        images, out: normalised URIs.
        arguments: the options of the run, as given or by default.
        command: the command that repeats or resumes the run.
        versions: of fruits, Python, Spark, ONNX Runtime, NumPy.
        backbone: name, digest, source_sha256, dimensions, size.
        seen, features, errors: images listed and rows of the two tables; when done ``seen = features + errors``.
        embedded: images that this run embedded itself; the others were there already.
        labels: features by label.
        splits: features by split.
        reasons: errors by reason.
        seconds: wall-clock seconds by stage.
        images_per_second: ``embedded`` over the seconds of the embedding stage.
        peak_memory: bytes: ``driver`` (Python), ``jvm``, ``worker`` (largest single one).
        started, finished: seconds since 1970, UTC.
        cores: tasks that ran side by side.
        spark_ui: address of the Spark UI while running.
        components, classifier: summaries of those stages; empty when they did not run.
        warnings: sentences worth a reader's time.
        message: why the run ended, when it did not end well.
    """

    run: str
    status: Status
    images: str
    out: str
    arguments: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    backbone: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    features: int = 0
    errors: int = 0
    embedded: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    images_per_second: float = 0.0
    peak_memory: dict[str, int] = field(default_factory=dict)
    started: float = 0.0
    finished: float = 0.0
    cores: int = 0
    spark_ui: str = ""
    components: dict[str, Any] = field(default_factory=dict)
    classifier: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    message: str = ""

    def to_json(self) -> bytes:
        """Return the record as UTF-8 JSON."""
        return to_json(asdict(self))

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a record; fields of a later version are ignored."""
        return cls(**_known(cls, json.loads(content)))


def to_json(value: dict[str, Any]) -> bytes:
    """Return ``value`` as indented UTF-8 JSON; ASCII only, so that escaped bytes of odd names survive."""
    return (json.dumps(value, indent=2) + "\n").encode()


def _known(cls: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {name: value for name, value in values.items() if name in names}
