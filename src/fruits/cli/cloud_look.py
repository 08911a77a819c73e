"""status, logs, download, terminate, list, notebook, costs: what runs, what ran, how to end it."""

from __future__ import annotations

import argparse
import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common

if TYPE_CHECKING:
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import CloudRun


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommands."""
    status = common.add_action(actions, "status", "say how a run stands", _status)
    status.add_argument("run", metavar="RUN", help="run, cluster or OUT")
    logs = common.add_action(actions, "logs", "print the logs of a run", _logs)
    logs.add_argument("run", metavar="RUN", help="run, cluster or OUT")
    logs.add_argument("--lines", type=int, default=40, metavar="N", help="of each log, the last so many (40)")
    download = common.add_action(
        actions, "download", "copy results to a folder, and register their tables for Athena", _download
    )
    download.add_argument("out", metavar="OUT", help="s3:// URI of the results")
    download.add_argument("folder", metavar="DIR", help="folder of this machine")
    download.add_argument("--tables", action="store_true", help="the Parquet tables too, not only report and model")
    terminate = common.add_action(actions, "terminate", "end a run or a cluster now", _terminate)
    terminate.add_argument("run", metavar="RUN", nargs="?", help="run, cluster or OUT")
    terminate.add_argument("--all", action="store_true", help="everything of this project in the region")
    terminate.add_argument("--poll", type=float, default=5.0, metavar="SECONDS", help="between two looks (5)")
    common.add_action(actions, "list", "show what still runs, and what it costs", _list)
    notebook = common.add_action(actions, "notebook", "print the way to JupyterHub on a running cluster", _notebook)
    notebook.add_argument("run", metavar="RUN", help="run or cluster")
    notebook.add_argument("--ssh", metavar="KEY_FILE", help="by SSH with this key, instead of the Session Manager")
    costs = common.add_action(actions, "costs", "show what each run cost", _costs)
    costs.add_argument("--cost-explorer", action="store_true", help="ask AWS's bill too; the question costs 0.01 USD")
    costs.add_argument("--days", type=int, default=90, metavar="N", help="how far back the bill is read (90)")


def _status(arguments: argparse.Namespace) -> int:
    manager, run = _found(arguments)
    if run.identifier and run.stage != "closed":
        seen = manager.look(run)
        common.say(f"{run.run}  {run.identifier}  {seen.state} {seen.reason}".rstrip())
        common.say(f"{manager.cost(run):.2f} EUR of {run.budget_eur:.2f}; stopped hard at {_moment(run.deadline)}")
        return 0
    if run.step:
        from fruits.cloud.emr import EmrOnEc2

        seen = EmrOnEc2(manager.aws).observe(run.identifier, run.step)
        common.say(f"{run.run}  {run.identifier} {run.step}  {seen.state} {seen.reason}".rstrip())
        if seen.phase == "succeeded":
            common.say(f"report and tables: fruits cloud download {run.out} DIR")
        return 0
    common.say(f"{run.run}  {run.identifier or 'not started'}  {run.outcome or run.stage}  {run.message}".rstrip())
    common.say(f"at most {run.cost_eur:.2f} EUR of {run.budget_eur:.2f}")
    return 0


def _found(arguments: argparse.Namespace) -> tuple[Runner, CloudRun]:
    manager = common.runner(arguments, arguments.run)
    return manager, common.known_run(manager, arguments.run)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC" if seconds else "-"


def _logs(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import UsageError
    from fruits.cloud.look import read_logs

    manager, run = _found(arguments)
    if not run.identifier:
        raise UsageError(f"{run.run} was never started, so there are no logs")
    shown = 0
    for name, text in read_logs(manager.site, manager.aws, manager.service(run), run.identifier):
        common.say(f"--- s3://{manager.site.bucket}/{name}")
        common.say("\n".join(text.splitlines()[-arguments.lines :]))
        shown += 1
    if not shown:
        common.say("no logs yet: EMR brings them to the bucket every five minutes")
    return 0


def _download(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import UsageError
    from fruits.cloud.results import WITH_MODEL, download, open_results, register
    from fruits.cloud.submitted import settle
    from fruits.records import TABLES

    manager = common.runner(arguments, arguments.out)
    out = arguments.out.rstrip("/")
    run = manager.runs.of(out)
    if run is not None:
        settle(manager, run)
    names = (*WITH_MODEL, *(TABLES if arguments.tables else ()))
    made = download(open_results(out, manager.site, manager.aws), Path(arguments.folder), names)
    if not made:
        raise UsageError(f"{arguments.out} holds no results")
    try:
        if run is not None:
            register(run, manager.site, manager.aws, common.say)
    finally:
        common.say(f"{len(made)} files in {arguments.folder}")
    return 0


def _terminate(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import UsageError
    from fruits.cloud.look import active, service_of

    if arguments.all:
        door = common.aws(arguments)
        for cost in active(door, time.time()):
            service_of(cost.active.id, door, arguments.poll).stop(cost.active.id)
            common.say(f"terminating {cost.active.id}")
        while left := active(door, time.time()):
            common.say(f"waiting for {', '.join(cost.active.id for cost in left)}")
            time.sleep(arguments.poll)
        common.say("nothing is left running")
        return 0
    if not arguments.run:
        raise UsageError("what? name a run or a cluster, or say --all; `fruits cloud list` shows what runs")
    manager, run = _found(arguments)
    manager.terminate(run)
    common.say(f"{run.identifier or run.run} is terminated; at most {run.cost_eur:.2f} EUR were spent")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from fruits.cloud.look import active

    door = common.aws(arguments)
    found = active(door, time.time())
    if not found:
        common.say(f"nothing runs in {door.region}")
        return 0
    common.say(f"{'id':32}{'state':16}{'hours':>6}{'EUR':>8}  {'budget':>10}  owner, run; stopped hard at")
    for cost in found:
        tags = cost.active.tags
        eur = "?" if cost.eur is None else f"{cost.eur:.2f}"
        stop = _moment(float(tags["stop"])) if tags.get("stop", "").isdigit() else "-"
        who = f"{tags.get('owner', '?')}, {tags.get('run', '?')}; {stop}"
        line = (
            f"{cost.active.id:32}{cost.active.state:16}{cost.hours:>6.1f}{eur:>8}  {tags.get('budget', '?'):>10}  {who}"
        )
        common.say(line)
    return 0


def _notebook(arguments: argparse.Namespace) -> int:
    from fruits.cloud.look import HISTORY_PORT, HUB_PORT, tunnel_command

    door = common.aws(arguments)
    identifier = arguments.run
    if not identifier.startswith("j-"):
        identifier = _found(arguments)[1].identifier
    commands = tunnel_command(door, identifier, ssh_key=arguments.ssh)
    for command in commands:
        common.say(command)
    if str(HUB_PORT) in "".join(commands):
        common.say(f"then open https://localhost:{HUB_PORT} (user jovyan; change the password first: docs/cloud.md)")
    else:
        common.say("this release has no JupyterHub; attach an EMR Studio workspace to the cluster: docs/cloud.md")
    common.say(f"Spark's history: http://localhost:{HISTORY_PORT}")
    return 0


def _costs(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import CloudError
    from fruits.cloud.look import billed

    manager = common.runner(arguments)
    total = 0.0
    common.say(f"{'run':26}{'outcome':14}{'images':>10}{'hours':>7}{'EUR at most':>13}{'budget':>9}  what")
    for run in manager.runs.all():
        if run.step:  # it ran on a cluster that stands here itself
            continue
        if run.identifier and run.stage != "closed":
            with contextlib.suppress(CloudError):  # EMR forgets a cluster after two months
                manager.look(run)
        hours, eur = manager.hours(run), run.cost_eur if run.stage == "closed" else manager.cost(run)
        total += eur
        what = f"{run.machines.describe()}{', ' + run.out if run.out else ''}"
        state = run.outcome or run.stage
        common.say(f"{run.run:26}{state:14}{run.expected:>10,}{hours:>7.2f}{eur:>13.2f}{run.budget_eur:>9.2f}  {what}")
    common.say(f"{'total':57}{total:>13.2f}   {manager.prices.age(region=manager.site.region)}")
    if arguments.cost_explorer:
        for name, usd in sorted(billed(manager.aws, arguments.days).items()):
            common.say(f"billed by AWS: {name:26}{usd:>10.2f} USD, {manager.prices.to_eur(usd):.2f} EUR")
    return 0
