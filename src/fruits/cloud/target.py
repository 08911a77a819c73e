"""One interface before EMR on EC2 and EMR Serverless: an order goes in, observations come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from fruits.cloud.errors import UsageError
from fruits.cloud.shapes import Shape
from fruits.cloud.site import Site

DEFAULT_RELEASE = "emr-7.12.0"
DEFAULT_HOME = "/opt/fruits"
PYTHON = "python3.11"
IDLE_MINUTES, MOST_IDLE_MINUTES = 30, 240
MARGIN_MINUTES = 10  # the timer on the primary rings so much after the hard stop, in case that failed

Phase = Literal["starting", "running", "succeeded", "failed", "stopped"]


@dataclass(frozen=True)
class Order:
    """What shall run.

    Attributes:
        run: id of the run; all names and tokens are made of it, so that a repeated order finds what the first made.
        site: bucket, roles, network.
        shape: machines.
        release: EMR's release label.
        package: S3 URI of the package.
        settings: Spark's.
        deadline: the hard stop, in seconds since 1970.
        minutes: the same, counted from now.
        tags: of everything that costs.
        command: arguments of ``fruits`` for the job; empty for a cluster that waits for steps.
        home: folder of the nodes for the environment.
        idle_minutes: of a cluster that waits for steps.
        notebook: whether JupyterHub is installed.
        key_name: EC2 key pair for SSH, if asked for.
        architecture: ``x86_64`` or ``arm64``.
    """

    run: str
    site: Site
    shape: Shape
    release: str
    package: str
    settings: dict[str, str]
    deadline: float
    minutes: int
    tags: dict[str, str]
    command: tuple[str, ...] = ()
    home: str = DEFAULT_HOME
    idle_minutes: int = IDLE_MINUTES
    notebook: bool = False
    key_name: str = ""
    architecture: str = "x86_64"

    @property
    def name(self) -> str:
        """Name of the cluster or application."""
        return f"fruits-{self.run}"


@dataclass(frozen=True)
class Observation:
    """How a run stands.

    Attributes:
        phase: of the job (of the cluster, where it waits for steps).
        alive: whether it still costs.
        state: AWS's own words.
        reason: why it ended, as AWS says.
        created, ended: seconds since 1970; 0 where not known.
    """

    phase: Phase
    alive: bool
    state: str
    reason: str = ""
    created: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True)
class Active:
    """Something that costs now: id, what it is, its tags, since when."""

    id: str
    state: str
    created: float
    tags: dict[str, str] = field(default_factory=dict)


class ClusterService(Protocol):
    """EMR on EC2, or EMR Serverless."""

    def start(self, order: Order) -> str:
        """Start what is ordered, once, and return its id.

        Raises:
            CloudError: AWS refused; nothing is left.
        """

    def find(self, run: str) -> str | None:
        """Return the id of what an earlier, interrupted :meth:`start` made for this run."""

    def observe(self, identifier: str) -> Observation:
        """Return how it stands."""

    def stop(self, identifier: str) -> None:
        """Have it end; harmless when it has ended."""

    def active(self) -> list[Active]:
        """Return what of this project still runs in the region."""

    def log_prefixes(self, identifier: str) -> list[str]:
        """Return where in the bucket its logs lie, the most telling first."""


def check_release(label: str) -> str:
    """Return the Spark line of a release, ``3.5`` or ``4.0``.

    Raises:
        UsageError: Fruits! does not run on it.
    """
    parts = label.removeprefix("emr-").split(".")
    if label.startswith("emr-spark-8."):
        return "4.0"
    if label.startswith("emr-7.") and len(parts) == 3 and all(part.isdigit() for part in parts) and int(parts[1]) >= 1:
        return "3.5"
    raise UsageError(
        f"--release {label}: choose emr-7.1.0 or a later emr-7 (Spark 3.5), or emr-spark-8.0.0 (Spark 4.0)"
    )
