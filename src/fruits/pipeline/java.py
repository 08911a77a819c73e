"""The Java that Spark runs on: found, checked, and started in half the time with an archive of Spark's classes.

Loading, checking and compiling some ten thousand classes takes Spark longer than embedding a few thousand images. Java
can keep them as they lie in memory (JEP 350, dynamic class data sharing archives); it ignores an archive that does not
fit its own version or Spark's files.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fruits.pipeline.errors import PipelineError, UsageError

if TYPE_CHECKING:
    from pyspark import SparkContext

OLDEST_JAVA = 17
_EXIT_SECONDS = 300
_KEPT = 3  # archives of 220 MB
# The archive's messages would go to the terminal; an archive that cannot be used is no reason for one.
_QUIET = "-Xlog:disable"
# A JVM that only schedules does not earn back what its second compiler and its parallel collector cost. A classifier
# does: without them Spark ML's logistic regression takes twice as long.
_LEAN = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@lru_cache(maxsize=4)
def _asked(path: str) -> str:
    """What that Java says of its version."""
    answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    return answer.stderr + answer.stdout


def find_java() -> tuple[str, int]:
    """Return the path and the major version of the Java that Spark will start.

    Raises:
        UsageError: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")  # what Spark's own launcher reads
    path = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if path is None or not Path(path).exists():
        where = f" (JAVA_HOME is {home})" if home else ""
        raise UsageError(
            f"Java was not found{where}; install Java {OLDEST_JAVA} or newer, e.g. openjdk-17-jre-headless"
        )
    match = re.search(r'version "(?:1\.)?(\d+)', _asked(path))
    if not match:
        raise UsageError(f"{path} -version did not tell its version; install Java {OLDEST_JAVA} or newer")
    if int(match[1]) < OLDEST_JAVA:
        raise UsageError(f"{path} is Java {match[1]}; install Java {OLDEST_JAVA} or newer and set JAVA_HOME to it")
    return path, int(match[1])


def class_archive(folder: Path) -> Path:
    """Return where the archive of this Spark's classes for this Java is kept below ``folder``.

    Raises:
        UsageError: no fitting Java.
    """
    import pyspark  # noqa: PLC0415 - half a second

    path, version = find_java()
    told = "\n".join((_asked(path), pyspark.__version__, str(pyspark.__file__)))
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return folder / f"spark-{pyspark.__version__}-java-{version}-{digest}.jsa"


def java_options(archives: Path | None, lean: bool) -> tuple[str, ...]:
    """Return the options of a driver's Java.

    Args:
        archives: folder in which :func:`make_class_archive` was told to keep its archive; None to use none.
        lean: the JVM schedules and does not compute.
    """
    options = _LEAN if lean else ()
    archive = class_archive(archives) if archives is not None else None
    if archive is not None and archive.is_file():
        options = (*options, f'"-XX:SharedArchiveFile={archive}"', _QUIET)
    return options


def make_class_archive(archives: Path) -> Path:
    """Start Spark once, have it do a little of everything, and keep its classes; return the archive.

    What is there already is kept. The archive appears under its name when it is whole.

    Raises:
        UsageError: no fitting Java.
        PipelineError: Spark did not start, or Java wrote no archive.
    """
    from fruits.pipeline.session import (  # noqa: PLC0415 - it imports this module
        active_context,
        start_context,
        stop,
        work_folder,
    )

    archive = class_archive(archives)
    if archive.is_file():
        return archive
    if active_context() is not None:
        raise PipelineError("Spark is running in this process; make the archive in one of its own")
    archives.mkdir(parents=True, exist_ok=True)
    partial = archive.with_name(f"{archive.name}.{os.getpid()}.partial")
    work = work_folder()
    try:
        options = (f'"-XX:ArchiveClassesAtExit={partial}"', _QUIET)
        context = start_context("local[2]", "fruits prepare", str(work), work, java=options)
        java = getattr(context._gateway, "proc")  # noqa: B009 - unknown to PySpark's own types
        _exercise(context, work)
        stop(context)
        java.stdin.close()  # the JVM's sign to leave
        java.wait(_EXIT_SECONDS)
        if not partial.is_file():
            raise PipelineError(f"Java left no archive of Spark's classes in {archives}")
        partial.replace(archive)
        for old in sorted(archives.glob("*.jsa"), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)  # of a Java, a Spark or a folder that may be gone
    except subprocess.TimeoutExpired as error:
        raise PipelineError(f"Java did not end within {_EXIT_SECONDS} s; {partial} is not whole") from error
    finally:
        partial.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)
    return archive


def _exercise(context: SparkContext, work: Path) -> None:
    """Use what a run uses, so that its classes are loaded: tasks in Python, a table, a classifier."""
    from pyspark.ml.classification import LogisticRegression  # noqa: PLC0415
    from pyspark.ml.linalg import DenseVector  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    spark = SparkSession(context)
    counted = context.accumulator(0)
    context.parallelize(range(8), 4).foreach(counted.add)
    shared = context.broadcast([1.0, 2.0])
    rows = context.parallelize(range(8), 2).map(lambda i: (str(i % 2), DenseVector([i, *shared.value])))
    index = spark.createDataFrame([("0", 0.0), ("1", 1.0)], ["label", "index"])
    table = spark.createDataFrame(rows, ["label", "features"]).join(index, "label").cache()
    model = LogisticRegression(labelCol="index", maxIter=2).fit(table)
    model.write().save((work / "model").as_uri())
