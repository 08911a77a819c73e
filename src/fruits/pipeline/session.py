"""A Spark context set up for the chain: quiet, its event log kept, one computing thread per task."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fruits.pipeline.errors import PipelineError
from fruits.pipeline.java import find_java

if TYPE_CHECKING:
    from pyspark import SparkContext

# BLAS and OpenMP would otherwise start a thread per core in every task.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# glibc would otherwise give every decoded image back to the system and fault it in again: measured, a quarter of the
# decoding time.
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "134217728",
    "MALLOC_TOP_PAD_": "16777216",
}
_LOG4J = """
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c{{1}}: %m%n%ex
"""


def local_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_context(
    master: str | None,
    name: str,
    events: str,
    work: Path,
    settings: dict[str, str] | None = None,
    java: Sequence[str] = (),
) -> SparkContext:
    """Start Spark, or join the context that is already there.

    No SQL session: it takes Java half a second more, and a classifier alone needs one.

    Args:
        master: Spark master URL; None for all cores of this machine, or for what spark-submit was given.
        name: shown in the Spark UI.
        events: folder of this machine for the event log.
        work: folder of this machine for Spark's log.
        settings: further Spark settings; they win over ours.
        java: options of the driver's Java, as :func:`fruits.pipeline.java.java_options` gives them.

    Raises:
        UsageError: no fitting Java.
        PipelineError: Spark does not start.
    """
    find_java()
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - half a second

    if (present := active_context()) is not None:
        return present
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # spark-submit started us: its settings are in the JVM beside us
        SparkContext._ensure_initialized()
    conf = SparkConf()
    if master or not conf.contains("spark.master"):
        conf.setMaster(master or f"local[{local_cores()},4]")
    chosen = _settings(conf.get("spark.master") or "", events, work, java) | (settings or {})
    for key, value in chosen.items():
        conf.setIfMissing(key, value)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    log = work / "spark.log"
    try:
        with _stderr_to(log):
            context = SparkContext(conf=conf.setAppName(name))
    except Exception as error:
        raise PipelineError(f"Spark did not start with master {conf.get('spark.master')}; its log is {log}") from error
    # Where the JVM is killed, this server of PySpark's would print a traceback; the failing job tells the user.
    server = getattr(context, "_accumulatorServer", None)
    if server is not None:
        server.handle_error = lambda *_: None
    return context


def active_context() -> SparkContext | None:
    """Return the context that runs in this process, if there is one."""
    from pyspark import SparkContext  # noqa: PLC0415

    context: SparkContext | None = SparkContext._active_spark_context
    return context


def stop(context: SparkContext) -> None:
    """Stop Spark, and the SQL session on it where there is one."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    session = SparkSession.getActiveSession()
    (context if session is None else session).stop()


def _settings(master: str, events: str, work: Path, java: Sequence[str]) -> dict[str, str]:
    log4j = work / "log4j2.properties"
    log4j.write_text(_LOG4J.format(file=work / "spark.log"))
    settings = {
        "spark.driver.extraJavaOptions": " ".join((f"-Dlog4j2.configurationFile=file:{log4j}", *java)),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": Path(events).as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "1g",
        "spark.python.worker.reuse": "true",
        "spark.sql.shuffle.partitions": "8",
        **{f"spark.executorEnv.{name}": "1" for name in _ONE_THREAD},
        **{f"spark.executorEnv.{name}": value for name, value in _KEPT_MEMORY.items()},
    }
    if master.startswith("local"):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings


@contextlib.contextmanager
def _stderr_to(file: Path) -> Iterator[None]:
    """Give processes started meanwhile this file as stderr: the JVM's own remarks are not for the user."""
    sys.stderr.flush()
    saved = os.dup(2)
    with file.open("ab") as target:
        os.dup2(target.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def work_folder() -> Path:
    """Make a folder of this machine for a session's logs."""
    return Path(tempfile.mkdtemp(prefix="fruits-spark-"))
