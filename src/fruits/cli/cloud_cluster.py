"""create, submit: a cluster that waits for steps."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common
from fruits.cli.cloud_job import chain_command, chain_options, check_places, goes_on, planned
from fruits.cli.cloud_package import check_package, package_uri
from fruits.cli.run import Interrupted

if TYPE_CHECKING:
    from fruits.cloud.runner import Runner
    from fruits.cloud.state import CloudRun


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommands."""
    create = common.add_action(actions, "create", "start a cluster that waits for steps, and ends when idle", _create)
    common.add_shape(create)
    common.add_release(create)
    common.add_budget(create)
    create.add_argument("--idle", type=int, default=30, metavar="MINUTES", help="ends after so long without work (30)")
    create.add_argument("--backbone", metavar="NAME", help="take a fetched or added backbone along, for `submit`")
    create.add_argument("--notebook", action="store_true", help="with JupyterHub")
    submit = common.add_action(
        actions, "submit", "run the chain on a cluster that waits", _submit, parents=[chain_options()]
    )
    submit.add_argument("--cluster", required=True, metavar="ID", help="run or cluster that `create` printed")
    submit.add_argument("--wait", action="store_true", help="until the job has ended")
    submit.add_argument("--poll", type=float, default=15.0, metavar="SECONDS", help="between two looks (15)")


def _create(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import CloudError, UsageError
    from fruits.cloud.forecast import paid_hours

    if arguments.serverless:
        raise UsageError("EMR Serverless has nothing to create beforehand; use: fruits cloud run --serverless")
    manager = common.runner(arguments)
    run = planned(arguments, manager)
    run.idle_minutes, run.notebook = arguments.idle, arguments.notebook
    hours = paid_hours(arguments.budget, run.hourly_eur)
    if hours < 0.25:
        raise UsageError(f"{arguments.budget:.2f} EUR pay {60 * hours:.0f} minutes; a cluster needs 8 to start")
    run.package = package_uri(arguments, manager, run)
    manager.runs.begin(run)
    try:
        manager.start(run)
        common.say(
            f"run {run.run}: {run.hourly_eur:.2f} EUR an hour, stopped after {hours:.1f} h or {run.idle_minutes} idle"
        )
        _wait_for_cluster(manager, run)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted. {goes_on(run)} {_how_to_end(manager, run.run)}") from None
    except CloudError as error:
        if run.stage in ("starting", "started"):
            raise type(error)(f"{error}. {goes_on(run)} {_how_to_end(manager, run.run)}") from error
        raise
    common.say(f"{run.identifier} waits: fruits cloud submit --cluster {run.identifier} IMAGES OUT")
    return 0


def _wait_for_cluster(manager: Runner, run: CloudRun) -> None:
    from fruits.cloud.errors import CloudError

    while (seen := manager.service(run).observe(run.identifier)).phase == "starting":
        manager.pause()
    if seen.phase != "running":
        manager.terminate(run, seen.reason)
        raise CloudError(f"the cluster did not start: {seen.reason}; `fruits cloud logs {run.run}` shows its logs")
    run.created = seen.created
    manager.runs.save(run)


def _how_to_end(manager: Runner, name: str) -> str:
    return f"To end it now: fruits cloud terminate --bucket {manager.site.bucket} {name}"


def _submit(arguments: argparse.Namespace) -> int:
    from fruits.cloud.errors import CloudError, UsageError
    from fruits.cloud.results import register
    from fruits.cloud.state import new_run_id
    from fruits.cloud.submitted import settle

    command = chain_command(arguments)
    manager = common.runner(arguments, command[2])
    check_places(manager, command[1], command[2])
    cluster = common.known_run(manager, arguments.cluster)
    if cluster.stage != "started" or cluster.out or cluster.machines.target != "ec2":
        raise UsageError(f"{arguments.cluster} does not wait for work; start one with: fruits cloud create")
    if arguments.backbone:
        remedy = f"fruits cloud create --backbone {arguments.backbone}"
        check_package(cluster.package, arguments.backbone, manager, cluster, remedy=remedy)
    job = replace(cluster, run=new_run_id(), images=command[1], out=command[2], command=command)
    service = manager.clusters
    job.step, job.run = service.submit(cluster.identifier, manager.order(job))
    job.stage = "closed"
    manager.runs.begin(job)
    common.say(f"step {job.step} of {cluster.identifier}; run {job.run}")
    if not arguments.wait:
        return 0
    try:
        while (seen := service.observe(cluster.identifier, job.step)).phase in ("starting", "running") and seen.alive:
            manager.pause()
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted. The job, {job.run}, goes on, and so does its cluster."
            f" {_how_to_end(manager, cluster.identifier)}"
        ) from None
    settle(manager, job)
    if seen.phase != "succeeded":
        raise CloudError(f"the job failed: {seen.reason}; `fruits cloud logs {job.run}` shows its logs")
    register(job, manager.site, manager.aws, common.say)
    common.say(f"done; fruits cloud download {job.out} DIR")
    return 0
