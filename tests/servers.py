"""Processes that tests start and stop, images to feed them, and what a finished OUT must satisfy."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pyarrow as pa
from PIL import Image

from fruits.pipeline.listing import list_images
from fruits.pipeline.manifest import read_manifest, read_markers
from fruits.pipeline.tables import from_parquet
from fruits.records import ERRORS, FEATURES, METADATA, PCA, PREDICTIONS, RUN, RunRecord
from fruits.storage import Storage, open_storage
from fruits.storage.base import printable_key

PATIENCE = 120.0  # seconds; the machine may be busy with other things
S3_PAGE = 100  # keys the S3 server lists at once; AWS lists 1,000
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until ``condition`` holds; fail the test after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not in {seconds:.0f} s: {what}")
        time.sleep(0.05)


# --- processes -------------------------------------------------------------------------------------------------------


@dataclass
class Started:
    """A process in a group of its own; what it said is in ``log``."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def kill_group(self) -> None:
        """kill -9 the process and all that it started in its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


def start(arguments: list[str], log: Path, **environment: str) -> Started:
    """Start a process in a session of its own, so that it and its children can be ended together."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | environment,
            start_new_session=True,
        )
    return Started(process, log)


def start_cli(*arguments: str, log: Path, **environment: str) -> Started:
    """Start ``fruits`` with the Python that runs the tests."""
    return start([sys.executable, "-m", "fruits.cli", *arguments], log, **environment)


def descendants(pid: int) -> list[tuple[int, str]]:
    """Return the process ids and command lines of all processes below ``pid``."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            waiting.append(child)
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((child, line))
    return found


def python_workers(pid: int) -> list[int]:
    """Return the ids of Spark's Python workers below ``pid``: children of the daemon, the daemon not among them."""
    daemons = {child for child, line in descendants(pid) if "pyspark.daemon" in line or "pyspark/daemon" in line}
    leaves = {child for child in daemons if not any(c in daemons for c, _ in descendants(child))}
    return sorted(leaves) if len(daemons) > len(leaves) else []


def kill(pid: int) -> None:
    """kill -9 a process that a test started; one that has ended already is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


# --- servers ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """A server that speaks S3 in a process of its own; yields its address."""
    port = free_port()
    program = Path(sys.executable).parent / "moto_server"
    pages = {"MOTO_S3_DEFAULT_MAX_KEYS": str(S3_PAGE)}
    server = start([str(program), "-H", "127.0.0.1", "-p", str(port)], folder / "s3.log", **CREDENTIALS, **pages)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{address}/moto-api/"), f"an answer of the S3 server: {server.said()}")
        yield address
    finally:
        server.kill_group()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class Cluster:
    """A Spark standalone cluster."""

    address: str
    workers: list[Started]

    def executors(self) -> list[int]:
        """Return the process ids of the executors."""
        below = [pair for worker in self.workers for pair in descendants(worker.pid)]
        return sorted(pid for pid, line in below if "CoarseGrainedExecutorBackend" in line and "java" in line)


@contextlib.contextmanager
def spark_cluster(folder: Path, workers: int = 2, **environment: str) -> Iterator[Cluster]:
    """A master and workers of one core each, every one a process of its own with its own folder."""
    import pyspark

    home = Path(pyspark.__file__).parent
    launcher = str(home / "bin" / "spark-class")
    port, web = free_port(), free_port()
    variables = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "256m",
    } | environment
    address = f"spark://127.0.0.1:{port}"
    master_class, worker_class = (f"org.apache.spark.deploy.{name}" for name in ("master.Master", "worker.Worker"))
    ports = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(web)]
    master = start([launcher, master_class, *ports], folder / "master.log", **variables)
    started = [master]
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{web}/json/"), "the master's answer")
        for number in range(workers):
            work = folder / f"worker{number}"
            work.mkdir()
            own = ["--host", "127.0.0.1", "-c", "1", "-m", "1g", "--webui-port", "0", "--work-dir", str(work)]
            log = folder / f"worker{number}.log"
            started.append(start([launcher, worker_class, *own, address], log, **variables))
        wait_until(
            lambda: master.said().count("Registering worker") >= workers, f"{workers} workers; {master.said()[-2000:]}"
        )
        yield Cluster(address, started[1:])
    finally:
        for one in reversed(started):
            for pid, _ in descendants(one.pid):  # executors have sessions of their own
                kill(pid)
            one.kill_group()


# --- images and results ----------------------------------------------------------------------------------------------


def make_images(folder: Path, count: int, labels: int = 3, first: int = 0) -> list[Path]:
    """Draw ``count`` small JPEGs, no two alike, in ``labels`` folders that a classifier can tell apart by colour."""
    made = []
    for number in range(first, first + count):
        rng = np.random.default_rng(number)
        label = number % labels
        pixels = rng.integers(0, 90, (48, 48, 3), dtype=np.uint8)
        pixels[..., label % 3] += 120
        path = folder / f"Fruit {label}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, quality=90)
        made.append(path)
    return made


def table(out: Storage, name: str) -> pa.Table:
    """Return a table of a run as a reader of Parquet sees it: all files of its folder, marker or not."""
    files = [from_parquet(out.read(entry.key)) for entry in out.list(name)]
    return pa.concat_tables(files) if files else pa.table({"path": pa.array([], pa.string())})


def embeddings(out: Storage) -> dict[str, list[float]]:
    """Return path -> embedding; fails when a path stands twice."""
    rows = table(out, FEATURES)
    paths = rows["path"].to_pylist()
    assert not [path for path, count in Counter(paths).items() if count > 1]
    return dict(zip(paths, rows["embedding"].to_pylist(), strict=True)) if paths else {}


def record_of(out: Storage) -> RunRecord:
    """Return what ``run.json`` says."""
    return RunRecord.from_json(out.read(RUN))


def check_complete(images: Storage | Path | str, out: Storage | Path | str) -> RunRecord:
    """Assert that OUT holds every image of IMAGES exactly once, in features or errors, and nothing else."""
    source = images if isinstance(images, Storage) else open_storage(str(images))
    target = out if isinstance(out, Storage) else open_storage(str(out))
    record = record_of(target)
    assert record.status == "done", record.message
    listed = Counter(printable_key(entry.key) for entry in list_images(source))
    features, errors = (Counter(table(target, name)["path"].to_pylist()) for name in (FEATURES, ERRORS))
    assert features + errors == listed
    for name in (METADATA, PCA):
        assert Counter(table(target, name)["path"].to_pylist()) == features, name
    if record.classifier:
        assert Counter(table(target, PREDICTIONS)["path"].to_pylist()) == features
    counts = (sum(listed.values()), sum(features.values()), sum(errors.values()))
    assert (record.seen, record.features, record.errors) == counts
    check_no_orphans(target)
    return record


def check_no_orphans(out: Storage) -> None:
    """Assert that every file of a table belongs to a committed slice, and that no temporary file is left."""
    markers = read_markers(out)
    committed = {marker.slice for marker in markers}
    for name in (FEATURES, METADATA, ERRORS, PCA, PREDICTIONS, "_manifest"):
        files = {entry.key.removeprefix(f"{name}/").removesuffix(".parquet") for entry in out.list(name)}
        assert files <= committed, name
    for marker in markers:
        assert marker.images == marker.features + marker.errors == len(read_manifest(out, marker.slice))
    if "://" not in out.uri:
        assert not list(Path(out.uri).rglob(".temporary/*"))
