"""Measure the chain against the published one, in turn, on the same images, and write RESULTS.md.

    python bench/run.py [chain] [components] [memory] [scaling] [engine] [web] [--runs N]

Without a name all are measured (an hour and a half on two cores). Results are kept in bench/.work/results.json
as they come, and RESULTS.md is written again after each. The images are Fruits-360's below FRUITS_DATA (default
../shared/data), listed under as many paths as a part needs; the yardstick is FRUITS_REFERENCE (default
../shared/reference/keras_spark_chain.py), in an environment of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyspark
from results import CHAINS, write_results

HERE = Path(__file__).parent.absolute()
WORK = HERE / ".work"
ROOT = HERE.parent
DATA = Path(os.environ.get("FRUITS_DATA", ROOT.parent / "shared" / "data")) / "fruits-360"
REFERENCE = Path(os.environ.get("FRUITS_REFERENCE", ROOT.parent / "shared" / "reference" / "keras_spark_chain.py"))
FRUITS = Path(sys.executable).with_name("fruits")
CHAIN_IMAGES = 12_000
MEMORY_IMAGES = (1_000, 10_000, 100_000)
REFERENCE_PACKAGES = ("tensorflow-cpu==2.21.0", "pyspark==4.3.0", "pillow", "pandas", "pyarrow")


def images(count: int) -> Path:
    """Return a folder with ``count`` images: the real ones, listed under as many paths as it takes."""
    folder = WORK / f"images-{count}"
    if folder.exists():
        return folder
    first = WORK / "originals"
    if not first.exists():
        shutil.copytree(DATA, first, ignore=shutil.ignore_patterns("LICENSE*"))
    files = sorted(first.rglob("*.jpg"))
    partial = WORK / f"images-{count}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    for number in range(count):
        file = files[number % len(files)]
        split, label, name = file.relative_to(first).parts
        target = partial / split / label / f"{number // len(files):03d}_{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, target)
    partial.rename(folder)
    return folder


def reference_python() -> Path:
    """Return the Python of the yardstick's own environment, made on first use."""
    venv = WORK / "reference-venv"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(venv / "bin/pip"), "install", "--quiet", *REFERENCE_PACKAGES], check=True)
        (venv / "ready").touch()
    return venv / "bin/python"


def run_ours(source: Path, *arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Run the chain from nothing and return seconds, images per second and the run's own record."""
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [str(FRUITS), "run", str(source), str(out), "--classifier", "none", *arguments]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    seconds = time.perf_counter() - started
    record = json.loads((out / "run.json").read_text())
    return {
        "images": record["features"],
        "seconds": round(seconds, 1),
        "images_per_s": round(record["features"] / seconds, 1),
        "stages": record["seconds"],
        "peak_memory": record["peak_memory"],
        "explained": record["components"]["explained"],
        "cores": record["cores"],
    }


def run_reference(source: Path) -> dict[str, Any]:
    """Run the yardstick and return what it prints, with the whole process's seconds."""
    out = WORK / "out-reference"
    shutil.rmtree(out, ignore_errors=True)
    started = time.perf_counter()
    python = str(reference_python())
    command, environment = [python, str(REFERENCE), str(source), str(out)], {**os.environ, "PYSPARK_PYTHON": python}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - started
    printed = json.loads([line for line in answer.stdout.splitlines() if line.startswith("{")][-1])
    return {**printed, "seconds": round(seconds, 1), "images_per_s": round(printed["images"] / seconds, 1)}


def measure_chain(runs: int) -> dict[str, Any]:
    """Ours with its default, two more backbones of the package and MobileNetV2's graph, and the yardstick, in turn."""
    source = images(CHAIN_IMAGES)
    graph, cache = WORK / "mobilenetv2.onnx", {"FRUITS_BACKBONES": str(WORK / "backbones")}
    subprocess.run([sys.executable, str(HERE / "mobilenetv2.py"), str(graph)], check=True)
    settings = ["--tensor", "embedding", "--scale", str(1 / 127.5), "--mean", "1", "1", "1"]
    add = [str(FRUITS), "backbones", "add", "bench-mobilenetv2", str(graph), *settings]
    subprocess.run(add, check=True, capture_output=True, env={**os.environ, **cache})
    run_ours(images(1_000))  # the disk's cache is warm for all then
    found: dict[str, list[Any]] = {name: [] for name in CHAINS}
    for _ in range(runs):
        found["ours"].append(run_ours(source))
        found["reference"].append(run_reference(source))
        found["ours_imagenet"].append(run_ours(source, "--backbone", "efficientnet-lite0"))
        found["ours_int8"].append(run_ours(source, "--backbone", "efficientnet-lite0-int8"))
        found["ours_mobilenetv2"].append(run_ours(source, "--backbone", "bench-mobilenetv2", environment=cache))
    return found


def measure_components(runs: int) -> dict[str, Any]:
    """Components of 100,000 vectors; see pca.py."""
    command = [sys.executable, str(HERE / "pca.py"), str(WORK)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


def measure_memory(runs: int) -> list[Any]:
    """Peak memory by number of images."""
    return [run_ours(images(count)) for count in MEMORY_IMAGES]


def measure_scaling(runs: int) -> dict[str, Any]:
    """One core and two, in one process and on a standalone cluster of processes."""
    source = images(CHAIN_IMAGES)
    found = {}
    for cores in (1, 2):
        found[f"local[{cores}]"] = [run_ours(source, "--master", f"local[{cores},4]") for _ in range(runs)]
    for workers in (1, 2):
        with cluster(workers) as master:
            found[f"cluster of {workers}"] = [run_ours(source, "--master", master) for _ in range(runs)]
    return found


def measure_engine(runs: int) -> dict[str, Any]:
    """One photo and many with the released bundle; see engine.py."""
    answer = subprocess.run([sys.executable, str(HERE / "engine.py")], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


def measure_web(runs: int) -> str:
    """Ten minutes of photos of each size; see web.py. Returns its tables."""
    command = [sys.executable, str(HERE / "web.py"), "--seconds", "600"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start a standalone master and workers of one core each; yield the master's URL."""
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
    }
    start = [str(home / "bin/spark-class"), "org.apache.spark.deploy"]
    master = "spark://127.0.0.1:17077"
    commands = [[start[0], f"{start[1]}.master.Master", "--host", "127.0.0.1", "--port", "17077", "--webui-port", "0"]]
    for number in range(workers):
        folder = WORK / f"worker-{number}"
        worker = [f"{start[1]}.worker.Worker", "-c", "1", "-m", "1g", "--webui-port", "0", "-d", str(folder), master]
        commands.append([start[0], *worker])
    processes = []
    try:
        for command in commands:
            log = (WORK / f"cluster-{len(processes)}.log").open("wb")
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            time.sleep(6)
        yield master
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)


def machine() -> dict[str, str]:
    """Describe the hardware and the versions."""
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpuinfo if "model name" in line), "?")
    packages = ("pyspark", "onnxruntime", "numpy", "pillow", "pyarrow")
    return {
        "processor": f"{model}, {len(os.sched_getaffinity(0))} cores used",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "yardstick": ", ".join(REFERENCE_PACKAGES[:2]),
        "date": time.strftime("%Y-%m-%d"),
    }


PARTS: dict[str, Callable[[int], Any]] = {
    "chain": measure_chain,
    "components": measure_components,
    "memory": measure_memory,
    "scaling": measure_scaling,
    "engine": measure_engine,
    "web": measure_web,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    kept = WORK / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for name in arguments.parts or PARTS:
        print(f"measuring {name}", flush=True)
        results[name] = PARTS[name](arguments.runs)
        results["machine"] = machine()
        kept.write_text(json.dumps(results, indent=1))
        (HERE / "RESULTS.md").write_text(write_results(results))
    with contextlib.suppress(KeyError, statistics.StatisticsError):
        print((HERE / "RESULTS.md").read_text())


if __name__ == "__main__":
    main()
