"""One run from start to end: every step can be repeated, so a run that was interrupted goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fruits.cloud.aws import Aws, is_unanswered
from fruits.cloud.emr import EmrOnEc2
from fruits.cloud.errors import BudgetError, CloudError, CredentialsError, ThrottledError
from fruits.cloud.forecast import ENDING_SECONDS, paid_hours
from fruits.cloud.hard_stop import schedule_stop, unschedule
from fruits.cloud.policies import TAGS
from fruits.cloud.prices import Prices
from fruits.cloud.results import Outcome, collect
from fruits.cloud.serverless import EmrServerless
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, Runs
from fruits.cloud.target import MARGIN_MINUTES, ClusterService, Observation, Order

GRACE_SECONDS = 120.0  # between the deadline and the watcher's own stop: the scheduler comes first


@dataclass
class Runner:
    """Starts, watches and closes runs of a site.

    Attributes:
        site, aws, prices: where, by whom, at what price.
        poll: seconds between two looks.
        tell: hears each change as a sentence.
        now: the clock, seconds since 1970.
    """

    site: Site
    aws: Aws
    prices: Prices
    poll: float = 15.0
    tell: Callable[[str], None] = print
    now: Callable[[], float] = time.time
    runs: Runs = field(init=False)

    def __post_init__(self) -> None:
        """Open the runs."""
        self.runs = Runs(self.site, self.aws)

    def service(self, run: CloudRun) -> ClusterService:
        """Return the service of a run's target."""
        if run.machines.target == "serverless":
            return EmrServerless(self.aws, poll=min(self.poll, 2.0))
        return self.clusters

    @property
    def clusters(self) -> EmrOnEc2:
        """EMR on EC2."""
        return EmrOnEc2(self.aws, patience=min(self.poll, 1.0), delay=4 * self.poll)

    def start(self, run: CloudRun) -> None:
        """Start the cluster, or find the one that an interrupted call started; then set its hard stop.

        Raises:
            CloudError: it cannot be started, or its hard stop cannot be set; nothing is left running.
        """
        service = self.service(run)
        if run.stage == "started":  # an interrupted call may have come no further than here
            self._set_hard_stop(service, run)
            return
        found = self._find(service, run) if run.stage == "starting" else None
        if found is None:  # nothing was spent: the hours count from now, however long ago an earlier call was
            run.stage, run.asked = "starting", self.now()
            run.deadline = run.asked + 3600 * paid_hours(run.budget_eur, run.hourly_eur, run.requests_eur)
            self.runs.save(run)
        try:
            run.identifier = found or service.start(self.order(run))
        except CloudError as error:
            if isinstance(error, CredentialsError | ThrottledError) or is_unanswered(error):
                raise
            self.close(run, "failed", str(error))
            raise
        run.stage = "started"
        self.runs.save(run)
        self.tell(f"{'found' if found else 'started'} {run.identifier}: {run.machines.describe()}")
        self._set_hard_stop(service, run)

    def _set_hard_stop(self, service: ClusterService, run: CloudRun) -> None:
        if run.machines.target == "serverless":  # the job carries its own time limit
            return
        if self.now() >= run.deadline:  # it has rung already; if not, who watches stops the cluster
            return
        try:
            schedule_stop(self.site, self.aws, run.run, run.identifier, run.deadline)
        except CloudError as error:
            if isinstance(error, CredentialsError):  # with these nobody can terminate either; the primary's timer can
                raise
            service.stop(run.identifier)
            self.close(run, "failed", str(error))
            raise CloudError(
                f"{error}. Without its hard stop the cluster was terminated; is `fruits cloud verify` fine?"
            ) from error

    def pause(self) -> None:
        """Wait until the next look."""
        time.sleep(self.poll)

    def watch(self, run: CloudRun) -> Observation:
        """Wait until the job has ended and nothing costs any more; the budget is watched from here too."""
        service, last, stopped = self.service(run), "", False
        while True:
            try:
                seen = self._observe(service, run)
            except ThrottledError:
                time.sleep(4 * self.poll)
                continue
            if seen.state != last:
                self.tell(f"{self._elapsed(run)}  {seen.state}{f' ({seen.reason})' if seen.reason else ''}")
                last = seen.state
            if run.created == 0 and seen.created:
                run.created = seen.created
            if not seen.alive:
                run.ended = seen.ended or self.now()
                return seen
            if not stopped and self.now() > run.deadline + GRACE_SECONDS:
                self.tell("the budget has run out; terminating")
                service.stop(run.identifier)
                stopped = True
            time.sleep(self.poll)

    def finish(self, run: CloudRun, seen: Observation, folder: str | None) -> None:
        """Bring home what there is, then close the run.

        Raises:
            BudgetError: the budget ended before the job did.
            CloudError: the job failed, or was stopped.
        """
        outcome: Outcome = self.judge(run, seen)
        if run.stage != "ended":
            run.stage, run.outcome = "ended", outcome.kind
            run.message = outcome.sentence
            self.runs.save(run)
        if run.out:
            collect(run, self.site, self.aws, folder, self.tell)
        self.close(run, run.outcome or outcome.kind, run.message)
        self.tell(f"nothing is left running; at most {run.cost_eur:.2f} EUR of {run.budget_eur:.2f} were spent")
        if run.outcome == "budget":
            raise BudgetError(run.message)
        if run.outcome != "succeeded":
            raise CloudError(run.message)

    def terminate(self, run: CloudRun, why: str = "terminated on request") -> None:
        """Have a run end now, whatever stage it is in, and wait until nothing costs any more."""
        service = self.service(run)
        if run.stage == "starting" and not run.identifier:
            run.identifier = self._find(service, run) or ""
        if run.identifier:
            service.stop(run.identifier)
            while (seen := self._observe(service, run)).alive:
                time.sleep(self.poll)
            run.created, run.ended = run.created or seen.created, seen.ended or self.now()
        self.close(run, "interrupted", why)

    def look(self, run: CloudRun) -> Observation:
        """See how a run stands that nobody watches; a cluster that waited, and ended by itself, is closed."""
        seen = self._observe(self.service(run), run)
        run.created = run.created or seen.created
        if not seen.alive:
            run.ended = run.ended or seen.ended
            if not run.out:
                self.close(run, "stopped", seen.reason)
        return seen

    def order(self, run: CloudRun) -> Order:
        """Return what a run orders."""
        shape = run.machines
        tags = TAGS | {
            "run": run.run,
            "owner": run.owner,
            "budget": f"{run.budget_eur:.2f} EUR",
            "hourly": f"{run.hourly_eur:.4f} EUR",
            "stop": str(int(run.deadline)),
        }
        return Order(
            run=run.run,
            site=self.site,
            shape=shape,
            release=run.release,
            package=run.package,
            settings=shape.executors(self.prices),
            deadline=run.deadline,
            minutes=max(1, int((run.deadline - self.now()) / 60)),
            tags=tags,
            command=tuple(run.command),
            home=run.home,
            idle_minutes=run.idle_minutes,
            notebook=run.notebook,
            key_name=run.key_name,
            architecture=self.prices.instance(shape.instance).architecture,
        )

    def _find(self, service: ClusterService, run: CloudRun) -> str | None:
        """Look for what an interrupted call may have started; EMR lists a new cluster with some delay."""
        while (found := service.find(run.run)) is None and self.now() < run.asked + 4 * self.poll:
            time.sleep(self.poll)
        return found

    def _observe(self, service: ClusterService, run: CloudRun) -> Observation:
        if run.step and isinstance(service, EmrOnEc2):
            return service.observe(run.identifier, run.step)
        return service.observe(run.identifier)

    def judge(self, run: CloudRun, seen: Observation) -> Outcome:
        """Return how it ended. Whatever ends at the deadline without success was ended by the budget."""
        if seen.phase == "succeeded":
            return Outcome("succeeded", "")
        same = "the same command without --fresh" if "--fresh" in run.command else "the same command"
        again = f"What was committed to {run.out} stays; {same} goes on from there." if run.out else ""
        at_deadline = run.ended >= run.deadline - 60 or "timed out" in seen.reason.lower()
        if at_deadline:
            return Outcome(
                "budget",
                f"stopped because {run.budget_eur:.2f} EUR, the budget, had run out. {again} Give it a new --budget.",
            )
        if seen.phase == "stopped":
            return Outcome("stopped", f"{run.identifier} was terminated by somebody else ({seen.reason}). {again}")
        where = f"`fruits cloud logs {run.run}` shows its logs."
        if "BOOTSTRAP" in seen.reason:
            return Outcome("failed", f"the cluster did not start: {seen.reason}. {where}")
        if run.machines.spot and "INSTANCE_FAILURE" in seen.reason:
            return Outcome(
                "failed", f"AWS took its Spot machines back ({seen.reason}). {again} Leave out --spot to be sure."
            )
        return Outcome("failed", f"the job failed: {seen.reason or seen.state}. {where} {again}")

    def close(self, run: CloudRun, outcome: str, message: str) -> None:
        """Write down that nothing of a run is left, what it cost and how it ended; remove its hard stop."""
        service = self.service(run)
        if isinstance(service, EmrServerless):
            if left := run.identifier or service.application(run.run):
                service.stop(left)
        elif run.identifier:
            try:
                unschedule(self.aws, run.run)
            except CloudError as error:
                self.tell(f"{error}. It does nothing to a cluster that has ended, and then removes itself")
        run.ended = run.ended or self.now()
        run.cost_eur = self.cost(run)
        run.stage, run.message = "closed", message
        run.outcome = outcome  # type: ignore[assignment]
        self.runs.save(run)

    def cost(self, run: CloudRun) -> float:
        """Return what a run has cost so far, in euros: AWS's own figure on Serverless, else hours x price."""
        if not run.identifier:
            return 0.0
        service = self.service(run)
        if isinstance(service, EmrServerless):
            instance = self.prices.instance(run.machines.instance)
            rate, _ = self.prices.serverless_rate(instance.architecture, run.region)
            billed = service.billed_usd(run.identifier, rate)
            if billed is not None:
                return self.prices.to_eur(billed)
        return run.hourly_eur * self.hours(run)

    def hours(self, run: CloudRun) -> float:
        """Return how many hours a run has cost; no more than its timers allow, should nobody have seen its end."""
        if not run.identifier:
            return 0.0
        last = run.deadline + 60 * MARGIN_MINUTES + ENDING_SECONDS
        return max(0.0, (run.ended or min(self.now(), last)) - (run.created or run.asked)) / 3600

    def _elapsed(self, run: CloudRun) -> str:
        minutes = max(0.0, self.now() - (run.created or run.asked)) / 60
        return f"{minutes:5.1f} min, {run.hourly_eur * minutes / 60:5.2f} EUR"
