"""kill -9 at any moment: the next run goes on where it stopped, and the tables are those of a run never disturbed."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from fruits.pipeline.chain import run
from fruits.pipeline.manifest import read_markers
from fruits.pipeline.options import Options
from fruits.records import EVENTS, FEATURES, MODEL, PCA, SLICES, STAGES
from fruits.storage import open_storage
from fruits.vision.backbones import Backbone
from servers import (
    Started,
    check_complete,
    descendants,
    embeddings,
    kill,
    make_images,
    python_workers,
    record_of,
    start_cli,
    table,
    wait_until,
)

IMAGES, SLICE = 640, 8
HOW = ("--batch-size", str(SLICE), "--classifier", "none", "--components", "4", "--master", "local[2,4]")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    make_images(folder, IMAGES)
    return folder


@pytest.fixture(scope="module")
def undisturbed(images: Path, spark, backbone: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of a run that nobody disturbed, in slices of another size."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    run(str(images), str(out), backbone, Options(components=4, classifier="none", batch_size=50))
    check_complete(images, out)
    return out


def same_tables(one: Path, other: Path) -> bool:
    first, second = open_storage(str(one)), open_storage(str(other))
    metadata = [sorted(table(out, "metadata").to_pylist(), key=lambda row: row["path"]) for out in (first, second)]
    return embeddings(first) == embeddings(second) and metadata[0] == metadata[1]


def committed(out: Path) -> int:
    """Return how many slices are committed; counts files, so that it can be asked often."""
    return len(list((out / SLICES).glob("*.json")))


def java(process: Started) -> int:
    """Return the process id of a driver's JVM."""
    return next(pid for pid, line in descendants(process.pid) if "java" in line.split(" ")[0])


@pytest.mark.parametrize("seed", [20])
def test_deaths_of_all_kinds_lose_nothing(seed: int, images: Path, undisturbed: Path, cli, tmp_path: Path) -> None:
    out, chance = tmp_path / "out", random.Random(seed)
    for death in ("driver", "jvm", "ctrl-c"):
        before = committed(out)
        process = start_cli("run", str(images), str(out), *HOW, log=tmp_path / f"{death}.log")
        below: list[tuple[int, str]] = []
        try:
            wanted = before + chance.randint(1, 6)
            wait_until(lambda n=wanted, p=process: committed(out) >= n or not p.running(), f"{wanted} slices")
            below = descendants(process.pid)
            if death == "driver":
                kill(process.pid)
                process.wait()
            elif death == "jvm":
                kill(java(process))
                assert process.wait() == 1, process.said()
                assert record_of(open_storage(str(out))).status == "failed"
            else:
                os.killpg(process.pid, signal.SIGINT)  # what a terminal does: every process of the group gets it
                assert process.wait() == 130, process.said()
                assert record_of(open_storage(str(out))).status == "stopped"
            assert "Traceback" not in process.said()
            if death != "driver":
                assert f"To go on: fruits run {images} {out}" in process.said().splitlines()[-1]
            # Nobody goes on writing once the driver is gone.
            wait_until(lambda pids=below: not any(alive(pid) for pid, _ in pids), f"end of the processes: {below}")
        finally:
            process.kill_group()
            for pid, line in below:
                if "fruits" in line or "spark" in line:
                    kill(pid)
        assert before < committed(out) < IMAGES // SLICE, f"{death}: {process.said()}"
        assert sum(m.images for m in read_markers(open_storage(str(out)))) == committed(out) * SLICE
    kept = committed(out)
    assert cli("run", images, out, *HOW).code == 0
    record = check_complete(images, out)
    assert record.embedded == IMAGES - kept * SLICE
    assert same_tables(out, undisturbed)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_workers_are_replaced_within_the_run(images: Path, undisturbed: Path, cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed: list[int] = []
    over = threading.Event()

    def kill_workers() -> None:
        for slices in (2, 9, 16):
            while committed(out) < slices and not over.wait(0.02):
                pass
            for pid in python_workers(os.getpid()):
                kill(pid)
                killed.append(pid)
            (out / ".temporary").mkdir(exist_ok=True)
            (out / ".temporary" / str(slices)).write_bytes(b"half a file")  # as one of them may leave it

    killer = threading.Thread(target=kill_workers)
    killer.start()
    try:
        answer = cli("run", images, out, *HOW)
    finally:
        over.set()
        killer.join()
    assert answer.code == 0, answer.said
    assert len(killed) >= 3
    record = check_complete(images, out)
    assert record.embedded == IMAGES
    assert same_tables(out, undisturbed)
    assert not {int(m.worker.split(":")[1]) for m in read_markers(open_storage(str(out)))} <= set(killed)


def test_death_between_files_and_marker(images: Path, cli, spark, tmp_path: Path) -> None:
    """The files of a slice are there, its marker is not: it does not exist, and is embedded again."""
    out = tmp_path / "out"
    how = ("--limit", "32", *HOW)
    assert cli("run", images, out, *how).code == 0
    before, first = embeddings(open_storage(str(out))), read_markers(open_storage(str(out)))[0]
    (out / SLICES / f"{first.slice}.json").unlink()
    (out / ".temporary").mkdir(exist_ok=True)
    (out / ".temporary" / "0123").write_bytes(b"half a file")
    (out / FEATURES / "20200101T000000000000-0000-000000.parquet").write_bytes(b"half a file")
    assert cli("run", images, out, *how).code == 0
    assert record_of(open_storage(str(out))).embedded == SLICE
    check_after(out, before)


def test_death_between_new_slices_and_the_removal_of_old_ones(images: Path, cli, spark, tmp_path: Path) -> None:
    """Two committed slices hold the same images."""
    out = tmp_path / "out"
    how = ("--limit", "32", *HOW)
    assert cli("run", images, out, *how).code == 0
    before, old = embeddings(open_storage(str(out))), read_markers(open_storage(str(out)))[1].slice
    new = "29990101T000000000000-0000-000000"
    for path in list(out.rglob(f"{old}.*")):
        if EVENTS not in path.parts:
            path.with_name(path.name.replace(old, new)).write_bytes(
                path.read_bytes().replace(old.encode(), new.encode())
            )
    assert committed(out) == 5
    assert cli("run", images, out, *how).code == 0
    assert record_of(open_storage(str(out))).embedded in (0, 32)  # nothing new: the record of the run before stays
    check_after(out, before)


def test_death_in_the_components_stage(images: Path, cli, spark, tmp_path: Path) -> None:
    out = tmp_path / "out"
    how = ("--limit", "32", *HOW)
    assert cli("run", images, out, *how).code == 0
    before = embeddings(open_storage(str(out)))
    record = record_of(open_storage(str(out)))
    record.status = "running"
    (out / "run.json").write_bytes(record.to_json())
    (out / STAGES / "components.json").unlink()
    (out / MODEL / "components.npz").unlink()
    for path in sorted((out / PCA).iterdir())[1:]:
        path.unlink()
    assert cli("run", images, out, *how).code == 0
    assert record_of(open_storage(str(out))).embedded == 0
    check_after(out, before)


def check_after(out: Path, before: dict[str, list[float]]) -> None:
    """Assert that a run over 32 of the images is whole again."""
    storage = open_storage(str(out))
    record = record_of(storage)
    assert (record.status, record.seen, record.features, record.errors) == ("done", 32, 32, 0)
    assert embeddings(storage) == before
    assert sorted(table(storage, PCA)["path"].to_pylist()) == sorted(before)
    assert not list((out / ".temporary").glob("*"))
    files = {path.stem for path in (out / FEATURES).iterdir()}
    assert files == {marker.slice for marker in read_markers(storage)}
