"""Bring results home: the report and the record, with a word on where and for how much they were made; the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fruits.cloud.aws import Aws, storage_errors
from fruits.cloud.glue import register_tables
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun
from fruits.errors import FruitsError
from fruits.records import EVERYTHING, MODEL, REPORT, RUN, RunRecord
from fruits.storage import MissingError, Storage, StorageOptions, open_storage

SMALL = (REPORT, RUN)
WITH_MODEL = (*SMALL, MODEL)


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and the sentence for people."""

    kind: Literal["succeeded", "failed", "stopped", "budget"]
    sentence: str


def collect(run: CloudRun, site: Site, aws: Aws, folder: str | None, tell: Callable[[str], None]) -> None:
    """Amend the record in OUT, download report and record into ``folder``, register the tables."""
    out = open_results(run.out, site, aws)
    amend(out, run)
    if folder is not None:
        for path in download(out, Path(folder), SMALL):
            tell(f"downloaded {path}")
    register(run, site, aws, tell)


def register(run: CloudRun, site: Site, aws: Aws, tell: Callable[[str], None]) -> None:
    """Register the tables of a run that succeeded, or refresh them."""
    if run.outcome == "succeeded":
        names = register_tables(site, aws, run.out, run.run)
        tell(f"tables for Athena: {', '.join(names)}")


def open_results(uri: str, site: Site, aws: Aws) -> Storage:
    """Open OUT in the site's region."""
    endpoint = aws.client("s3").meta.endpoint_url
    return open_storage(uri, StorageOptions(site.region, endpoint))


def amend(out: Storage, run: CloudRun) -> RunRecord | None:
    """Write into ``run.json`` where the run took place and at what price, and return it; None where there is none.

    A job that says itself why it failed is believed: its sentence becomes the run's.
    """
    record = read_record(out)
    if record is None:
        return None
    shape = run.machines
    cloud = {
        "run": run.run,
        "region": run.region,
        "outside_eu": run.outside_eu,
        "target": shape.target,
        "instance": shape.instance,
        "nodes": shape.nodes,
        "spot": shape.spot,
        "vcpus": run.vcpus,
        "release": run.release,
        "budget_eur": run.budget_eur,
        "hourly_eur": round(run.hourly_eur, 4),
    }
    if record.arguments.get("cloud") != cloud:
        record.arguments["cloud"] = cloud
        with storage_errors():
            out.write(RUN, record.to_json())
    if record.status in ("failed", "stopped") and run.outcome == "failed" and record.message:
        run.message = f"{record.message}. {run.message}"
    return record


def read_record(out: Storage) -> RunRecord | None:
    """Return the record in OUT, or None where there is none, or none that can be understood."""
    try:
        with storage_errors():
            return RunRecord.from_json(out.read(RUN))
    except (MissingError, ValueError, TypeError):
        return None


def download(out: Storage, folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Copy files, or what lies below folders, of OUT into ``folder``; what is missing is left out."""
    made = []
    for name in names:
        with storage_errors():
            keys = [entry.key for entry in out.list(name)] if name in EVERYTHING else [name]
        for key in keys:
            try:
                with storage_errors():
                    content = out.read(key)
            except MissingError:
                continue
            target = folder / key
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:
                raise DownloadError(f"cannot write {target}: {error.strerror}; choose another folder") from error
            made.append(target)
    return made


class DownloadError(FruitsError):
    """The local disk did not take what was downloaded."""
