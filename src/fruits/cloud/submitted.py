"""Jobs on a cluster that waits: nobody watches them to their end, so how one ended is written down by who asks next."""

from __future__ import annotations

from datetime import UTC, datetime

from fruits.cloud.errors import CloudError, CredentialsError
from fruits.cloud.results import Outcome, amend, open_results, read_record
from fruits.cloud.runner import Runner
from fruits.cloud.state import CloudRun
from fruits.records import RunRecord


def settle(manager: Runner, run: CloudRun) -> None:
    """Write down how a job of `submit` ended: its outcome, and in OUT's record where it ran and at what price.

    Harmless when repeated, or when the job goes on; of any other run nothing is changed.
    """
    if not run.step or run.outcome:
        return
    results = open_results(run.out, manager.site, manager.aws)
    outcome = _asked(manager, run) or _told(read_record(results), run)
    if outcome is None:
        return
    run.outcome, run.message = outcome.kind, outcome.sentence
    amend(results, run)
    manager.runs.save(run)


def _asked(manager: Runner, run: CloudRun) -> Outcome | None:
    """Return what EMR says of the step; None where it goes on, or where EMR has forgotten it or may not be asked."""
    try:
        seen = manager.clusters.observe(run.identifier, run.step)
    except CredentialsError:
        raise
    except CloudError:
        return None
    if seen.alive and seen.phase in ("starting", "running"):
        return None
    run.ended = seen.ended
    return manager.judge(run, seen)


def _told(record: RunRecord | None, run: CloudRun) -> Outcome | None:
    """Return what OUT's record says, if it is of this job and not of an earlier one."""
    submitted = datetime.strptime(run.run[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    if record is None or record.started < submitted or record.status != "done":
        return None
    return Outcome("succeeded", "")
