"""What a cloud run has done so far, kept in the bucket: the command can die anywhere and be called again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, Self

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.errors import CloudError
from fruits.cloud.shapes import Shape
from fruits.cloud.site import PREFIX, Site

# planned -> starting (the request may be under way) -> started -> ended (the job) -> closed (nothing is left running)
Stage = Literal["planned", "starting", "started", "ended", "closed"]
Outcome = Literal["", "succeeded", "failed", "stopped", "budget", "interrupted"]


@dataclass
class CloudRun:
    """One run, or one cluster that waits for steps.

    Attributes:
        run: id; begins with the time in UTC.
        images, out: S3 URIs; empty for a cluster that waits.
        command: arguments of ``fruits`` on the cluster.
        shape, release, package, home: see :class:`fruits.cloud.target.Order`.
        region, outside_eu, owner: where, and whose.
        budget_eur: never to be exceeded; ``hourly_eur`` is the most an hour costs, ``requests_eur`` what
            S3's requests likely do.
        forecast: low, likely and high hours and euros, as they were told.
        expected: images counted; ``vcpus``: processors that embed.
        stage, identifier: how far it is; id of the cluster or job.
        asked, created, deadline, ended: seconds since 1970: when the start was asked for, when it began, when it is
            stopped hard, when it ended.
        outcome, message: how it ended, and why.
        cost_eur: at most, from hours and prices (from AWS's own figures on Serverless).
        step: of a job submitted to a cluster that waits.
    """

    run: str
    region: str
    shape: dict[str, Any]
    release: str
    images: str = ""
    out: str = ""
    command: list[str] = field(default_factory=list)
    package: str = ""
    home: str = ""
    outside_eu: bool = False
    owner: str = ""
    budget_eur: float = 0.0
    hourly_eur: float = 0.0
    requests_eur: float = 0.0
    forecast: dict[str, list[float]] = field(default_factory=dict)
    expected: int = 0
    vcpus: int = 0
    stage: Stage = "planned"
    identifier: str = ""
    asked: float = 0.0
    created: float = 0.0
    deadline: float = 0.0
    ended: float = 0.0
    outcome: Outcome = ""
    message: str = ""
    cost_eur: float = 0.0
    step: str = ""
    idle_minutes: int = 30
    notebook: bool = False
    key_name: str = ""

    @property
    def machines(self) -> Shape:
        """The shape, as an object."""
        return Shape.from_json(self.shape)

    def to_json(self) -> bytes:
        """Return the run as UTF-8 JSON."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a run; fields of a later version are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in json.loads(content).items() if name in known})


def new_run_id(now: datetime | None = None) -> str:
    """Return an id that sorts by time and is no other run's; letters, digits and a hyphen, as every service allows."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


class Runs:
    """The runs of a site."""

    def __init__(self, site: Site, aws: Aws) -> None:
        self._site, self._client = site, aws.client("s3")

    def save(self, run: CloudRun) -> None:
        """Keep a run as it is now; one PUT, so nobody sees half of it."""
        with aws_errors("keeping the run's state"):
            self._client.put_object(Bucket=self._site.bucket, Key=_key(run.run), Body=run.to_json())

    def begin(self, run: CloudRun) -> None:
        """Keep a new run, and that it is the one that fills its OUT."""
        self.save(run)
        if run.out:
            with aws_errors("keeping the run's state"):
                self._client.put_object(Bucket=self._site.bucket, Key=_pointer(run.out), Body=run.run.encode())

    def load(self, run: str) -> CloudRun | None:
        """Return a run by its id, or None."""
        content = self._read(_key(run))
        return None if content is None else CloudRun.from_json(content)

    def of(self, out: str) -> CloudRun | None:
        """Return the last run that was to fill ``out``, or None."""
        content = self._read(_pointer(out))
        return None if content is None else self.load(content.decode())

    def all(self, newest: int = 0) -> Iterator[CloudRun]:
        """Yield every run, the oldest first; only so many of the ``newest``, if said."""
        with aws_errors("listing the runs"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._site.bucket, Prefix=f"{PREFIX}runs/"
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys[-newest:]:
            content = self._read(key)
            if content is not None:
                yield CloudRun.from_json(content)

    def _read(self, key: str) -> bytes | None:
        try:
            with aws_errors("reading the run's state"):
                return bytes(self._client.get_object(Bucket=self._site.bucket, Key=key)["Body"].read())
        except CloudError as error:
            if code_of(error.__cause__) in ("NoSuchKey", "404"):
                return None
            raise


def _key(run: str) -> str:
    return f"{PREFIX}runs/{run}.json"


def _pointer(out: str) -> str:
    return f"{PREFIX}current/{hashlib.sha256(out.encode()).hexdigest()[:24]}"
