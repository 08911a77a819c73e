"""What the stages share: the state of a run, jobs over slices, and which stages are done for which input."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from fruits.pipeline.errors import PipelineError
from fruits.pipeline.progress import Reporter
from fruits.records import RUN, STAGES, RunRecord, to_json
from fruits.storage import MissingError, Storage

if TYPE_CHECKING:
    from pyspark import SparkContext

Result = TypeVar("Result")
Update = Callable[[], None]

_POLL_SECONDS = 0.25
_RECORD_SECONDS = 2.0
# A task's own error, as the last line of the Python traceback inside Spark's.
_OWN_ERROR = re.compile(r"^fruits\.[\w.]*errors?\.\w+: (.+)$|^fruits\.[\w.]+Error: (.+)$", re.MULTILINE)


@dataclass
class RunState:
    """A run on its way: where it writes, what it says, what it has recorded."""

    out: Storage
    record: RunRecord
    reporter: Reporter
    saved: float = field(default=0.0)

    def save(self, every: float = 0.0) -> None:
        """Write ``run.json``, unless it was written less than ``every`` seconds ago."""
        if time.monotonic() - self.saved >= every:
            self.out.write(RUN, self.record.to_json())
            self.saved = time.monotonic()

    def warn(self, sentence: str) -> None:
        """Keep a warning in the record and say it."""
        self.record.warnings.append(sentence)
        self.reporter.say(f"warning: {sentence}")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage into ``record.seconds``."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.record.seconds[name] = round(time.monotonic() - started, 3)

    def is_done(self, stage: str, fingerprint: str) -> bool:
        """Whether ``stage`` was finished for exactly this input."""
        try:
            return bool(json.loads(self.out.read(f"{STAGES}/{stage}.json")).get("fingerprint") == fingerprint)
        except (MissingError, ValueError):
            return False

    def mark_done(self, stage: str, fingerprint: str) -> None:
        """Say that ``stage`` is finished for this input; written after all its files."""
        self.out.write(f"{STAGES}/{stage}.json", to_json({"fingerprint": fingerprint}))

    def mark_open(self, stage: str) -> None:
        """Say that what ``stage`` left does not count."""
        self.out.delete(f"{STAGES}/{stage}.json")


def fingerprint(*parts: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    """Return a digest of what a stage's result depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def run_job(context: SparkContext, name: str, job: Callable[[], Result], state: RunState, update: Update) -> Result:
    """Run a Spark job in a thread of its own, calling ``update`` and saving the record meanwhile.

    Raises:
        PipelineError: a task failed for good; the message is the task's own where it has one.
        whatever ``update`` raises: the job is cancelled first.
    """
    from pyspark import InheritableThread  # noqa: PLC0415

    outcome: list[Result] = []
    failure: list[Exception] = []

    def work() -> None:
        try:
            context.setJobGroup(name, name, interruptOnCancel=True)
            outcome.append(job())
        except Exception as error:  # noqa: BLE001 - handed to the caller below
            failure.append(error)

    thread = InheritableThread(target=work, daemon=True)
    thread.start()
    try:
        _watch(thread, state, update)
    except BaseException:
        context.cancelAllJobs()
        thread.join(10)
        raise
    if failure:
        raise PipelineError(f"{name}: {_reason(failure[0])}") from failure[0]
    return outcome[0]


def _watch(thread: threading.Thread, state: RunState, update: Update) -> None:
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
        update()
        state.save(every=_RECORD_SECONDS)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) or type(error).__name__ == "Py4JNetworkError":
        return "Spark's own process, the JVM, has ended: killed, or out of memory (--spark spark.driver.memory=2g)"
    found = _OWN_ERROR.findall(str(error))
    if found:
        own: tuple[str, str] = found[-1]
        return own[0] or own[1]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "Error: " in line or "Exception: " in line]
    return (telling or lines or [type(error).__name__])[-1 if telling else 0][:500]
