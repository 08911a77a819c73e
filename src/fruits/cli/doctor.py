"""Check this machine: what is fine, what is not, how to mend it."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fruits.cli.settings import backbone_cache, java_archives, storage_options
from fruits.errors import FruitsError

_NEEDED_MEMORY = 3 * 2**30  # driver's JVM 1 GB, two workers, room to breathe
_NEEDED_DISK = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """What a check found; ``level`` is ``fine``, ``note`` (not needed by all) or ``bad`` (mend it)."""

    level: str
    sentence: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--no-spark", action="store_true", help="do not start Spark for a test")
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="only make what halves Spark's start, unless it is there: half a minute, once, and 130 MB",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check everything; exit code 1 if something must be mended."""
    if arguments.prepare:
        return _prepare()
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("Python", _python),
        ("Java", _java),
        ("cores", _cores),
        ("memory", _memory),
        ("disk", _disk),
        ("model", _model),
        ("packages", _packages),
        ("AWS", _aws),
    ]
    if not arguments.no_spark:
        checks.append(("Spark", _spark))
    bad = 0
    for name, check in checks:
        try:
            finding = check()
        except FruitsError as error:
            finding = Finding("bad", str(error))
        bad += finding.level == "bad"
        mark = {"fine": "ok  ", "note": "note", "bad": "MEND"}[finding.level]
        print(f"{mark}  {name:9} {finding.sentence}", flush=True)
    print("all is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - the sentence is for those who got past the installer
        return Finding("bad", f"{version}; install Python 3.11 or newer")
    return Finding("fine", f"{version} at {sys.executable}")


def _java() -> Finding:
    from fruits.pipeline.java import find_java

    path, version = find_java()
    return Finding("fine", f"{version} at {path}")


def _cores() -> Finding:
    from fruits.pipeline.session import local_cores

    return Finding("fine", f"{local_cores()} usable; a run uses all of them unless --master says otherwise")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        total = min(total, int(text))
    sentence = f"{total / 2**30:.1f} GB"
    if total < _NEEDED_MEMORY:
        return Finding("bad", f"{sentence}; a run needs about {_NEEDED_MEMORY / 2**30:.0f} GB")
    return Finding("fine", sentence)


def _disk() -> Finding:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    sentence = f"{free / 2**30:.1f} GB free in {folder}"
    if free < _NEEDED_DISK:
        return Finding("bad", f"{sentence}; Spark wants {_NEEDED_DISK / 2**30:.0f} GB: free some, or set TMPDIR")
    return Finding("fine", sentence)


def _model() -> Finding:
    import numpy as np

    from fruits.cli.choices import find_backbone
    from fruits.vision.embedder import Embedder

    backbone = find_backbone(None, backbone_cache())
    embedder = Embedder(backbone.graph, threads=1)
    images = np.random.default_rng(0).integers(0, 256, (32, backbone.size, backbone.size, 3), dtype=np.uint8)
    embedder.embed(images[:2])
    started = time.perf_counter()
    embedder.embed(images)
    rate = len(images) / (time.perf_counter() - started)
    return Finding("fine", f"{backbone.name}: {rate:.0f} images a second on one core, without reading and decoding")


def _packages() -> Finding:
    missing = []
    for name in ("pyspark", "pyarrow", "onnx", "matplotlib", "jinja2", "tqdm"):
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    if missing:
        return Finding("bad", f"missing: {', '.join(missing)}; pip install 'fruits[spark]'")
    return Finding("fine", "all that a run imports is here")


def _aws() -> Finding:
    try:
        import boto3
    except ImportError:
        return Finding("note", "boto3 is missing, so s3:// cannot be used; pip install 'fruits[aws]'")
    options = storage_options()
    session = boto3.session.Session(region_name=options.region)
    credentials = session.get_credentials()
    if credentials is None:
        return Finding("note", "no credentials, so s3:// cannot be used; run `aws configure` or set AWS_PROFILE")
    where = f", server {options.endpoint}" if options.endpoint else ""
    return Finding("fine", f"credentials by {credentials.method}, region {session.region_name or 'not set'}{where}")


def _prepare() -> int:
    from fruits.pipeline.java import class_archive, make_class_archive

    if not class_archive(java_archives()).is_file():
        print("keeping Spark's classes ready for Java: half a minute, once", flush=True)
        print(make_class_archive(java_archives()))
    return 0


def _spark() -> Finding:
    from fruits.pipeline.java import class_archive, java_options
    from fruits.pipeline.session import start_context, stop, work_folder

    work = work_folder()
    started = time.perf_counter()
    java = java_options(java_archives(), lean=True)
    context = start_context("local[1]", "fruits doctor", str(work), work, java=java)
    try:
        total = context.parallelize(range(100), 2).map(lambda number: number + 1).sum()
    finally:
        stop(context)
        shutil.rmtree(work, ignore_errors=True)
    if total != 5050:
        return Finding("bad", "Spark counts wrong; reinstall it")
    sentence = f"{context.version} started and counted in {time.perf_counter() - started:.0f} s"
    if not class_archive(java_archives()).is_file():
        return Finding("note", f"{sentence}; `fruits doctor --prepare` halves that")
    return Finding("fine", sentence)
