"""What travels: the lock, the wheelhouse, the bootstrap; and the job that EMR would run, run for real."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import tarfile
import time
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from cloud_words import BUCKET

from fruits.cloud.aws import Aws
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.package import ARCHIVE, SUMS, build_package, check_uploaded, upload_package
from fruits.cloud.site import Site
from fruits.storage import StorageOptions, open_storage
from servers import (
    CREDENTIALS,
    PATIENCE,
    check_complete,
    descendants,
    free_port,
    kill,
    make_images,
    start,
    wait_until,
)

REPOSITORY = Path(__file__).parent.parent.parent
LOCK = REPOSITORY / "src" / "fruits" / "cloud" / "data" / "wheelhouse.txt"
PIP = LOCK.parent / "pip.txt"


def test_the_locks_are_what_their_script_writes() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "cloud_lock.py"))
    assert LOCK.read_text(encoding="utf-8") == script["wheelhouse"](), "run scripts/cloud_lock.py"
    assert PIP.read_text(encoding="utf-8") == script["installer"](), "run scripts/cloud_lock.py"


def test_pip_is_pinned_by_its_hash_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What installs all others is held as they are; one in the cache that is another is not taken."""
    lines = PIP.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("pip==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    version = lines[0].removeprefix("pip==").split()[0]
    cache, wheel = tmp_path / "cache", tmp_path / "fruits-0.1.0-py3-none-any.whl"
    cache.mkdir()
    (cache / f"pip-{version}-py3-none-any.whl").write_bytes(b"another")
    wheel.write_bytes(b"zip")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    pinned = "".join(f"{line}\n" for line in lines)
    monkeypatch.setattr("fruits.cloud.package._data", lambda name: pinned if name == "pip.txt" else "")
    with pytest.raises(CloudError, match="pip download failed"):
        build_package(tmp_path / "package", cache, wheel=wheel)


def test_the_lock_holds_what_a_run_imports_and_no_spark() -> None:
    pins = [line.split("==")[0] for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert {"numpy", "onnxruntime", "pillow", "pyarrow", "matplotlib", "jinja2", "onnx", "tqdm", "boto3"} <= set(pins)
    assert not {"pyspark", "py4j", "torch", "django", "moto"} & set(pins)
    assert len(pins) == len(set(pins))


def test_the_bootstrap_is_sound_bash() -> None:
    script = LOCK.parent / "bootstrap.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_without_a_source_tree_a_wheel_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fruits.cloud.package.source_tree", lambda: None)
    with pytest.raises(UsageError, match="--wheel"):
        build_package(tmp_path / "package", tmp_path / "cache")
    with pytest.raises(UsageError, match="is no wheel"):
        build_package(tmp_path / "other", tmp_path / "cache", wheel=tmp_path / "nothing.whl")


def test_a_wheel_that_was_changed_on_the_way_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip compares hashes, also of what lies in the cache."""
    lock = "six==1.17.0 --hash=sha256:" + "0" * 64 + "\n"
    monkeypatch.setattr("fruits.cloud.package._data", lambda name: lock)
    wheel = tmp_path / "fruits-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"zip")
    with pytest.raises(CloudError, match="pip download failed"):
        build_package(tmp_path / "package", tmp_path / "cache", wheel=wheel)


def test_the_same_files_make_the_same_package(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, aws_servers
) -> None:
    """Two builds at two times are the same bytes under the same name; the second uploads nothing."""
    monkeypatch.setattr("fruits.cloud.package._data", lambda name: "")
    metadata = "fruits-0.1.0.dist-info"
    files = {
        "fruits/__init__.py": "",
        f"{metadata}/METADATA": "Metadata-Version: 2.1\nName: fruits\nVersion: 0.1.0\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{metadata}/RECORD": "",
    }
    wheel = tmp_path / "fruits-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    cache = tmp_path / "cache"
    made, said, mask = [], [], os.umask(0o022)
    try:
        for number in range(2):
            os.umask((0o022, 0o077)[number])
            folder = tmp_path / str(number)
            made.append(build_package(folder, cache, wheel=wheel, archive=True))
            time.sleep(1.1)  # what a gzip's header tells apart
    finally:
        os.umask(mask)
    first, second = made
    assert (first.folder / ARCHIVE).read_bytes() == (second.folder / ARCHIVE).read_bytes()
    assert first.digest == second.digest
    with tarfile.open(first.folder / ARCHIVE) as packed:
        assert {"fruits/__init__.py", f"{metadata}/METADATA"} <= set(packed.getnames())
        assert {(each.mtime, each.uid, each.gid, each.uname) for each in packed} == {(0, 0, 0, "")}
    for package in made:
        upload_package(package, site, Aws(site.region), said.append)
    assert len(said) == 1, "the second time there was nothing to upload"


# --- for real: built, installed without an index, submitted ----------------------------------------------------------


@pytest.fixture(scope="module")
def package_uri(site: Site, aws_servers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The real package of this source tree, in the bucket."""
    import fruits.cli

    aws_servers.script()
    folder = tmp_path_factory.mktemp("package")
    made = build_package(folder / "package", Path(os.environ.get("FRUITS_WHEELS", folder / "cache")), archive=True)
    aws = Aws(site.region)
    said: list[str] = []
    uri = upload_package(made, site, aws, said.append)
    assert said
    assert upload_package(made, site, aws, said.append) == uri
    assert len(said) == 1, "the second time there was nothing to upload"
    check_uploaded(uri, site, aws, archive=True)
    names = {path.name for path in made.folder.rglob("*")}
    assert {SUMS, ARCHIVE, "job.py", "bootstrap.sh", "requirements.txt"} <= names
    assert not [name for name in names if name.startswith(("pyspark", "py4j"))]
    assert fruits.cli.main(["cloud", "prices"]) == 0
    return uri


@pytest.fixture(scope="module")
def spark_home() -> str:
    import pyspark

    return str(Path(pyspark.__file__).parent)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory, spark_home: str) -> Iterator[str]:
    """A standalone cluster whose two workers are as large as an m5.xlarge says it is, so that the command line fits."""
    folder = tmp_path_factory.mktemp("spark")
    launcher = str(Path(spark_home) / "bin" / "spark-class")
    port = free_port()
    variables = {"SPARK_HOME": spark_home, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", **CREDENTIALS}
    variables["AWS_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
    names = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
    ports = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    started = [start([launcher, names[0], *ports], folder / "master.log", **variables)]
    address = f"spark://127.0.0.1:{port}"
    try:
        wait_until(lambda: "I have been elected leader" in started[0].said(), "the master", PATIENCE)
        for number in range(2):
            own = ["--host", "127.0.0.1", "-c", "4", "-m", "16g", "--webui-port", "0"]
            place = ["--work-dir", str(folder / f"worker{number}")]
            log = folder / f"worker{number}.log"
            started.append(start([launcher, names[1], *own, *place, address], log, **variables))
        wait_until(lambda: started[0].said().count("Registering worker") >= 2, "two workers", PATIENCE)
        yield address
    finally:
        for one in reversed(started):
            for pid, _ in descendants(one.pid):
                kill(pid)
            one.kill_group()


@pytest.fixture(scope="module")
def orchard(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Images in the bucket, where clusters may read."""
    folder, client = tmp_path_factory.mktemp("orchard"), boto3.client("s3")
    for path in make_images(folder, 60):
        client.put_object(Bucket=BUCKET, Key=f"images/orchard/{path.relative_to(folder)}", Body=path.read_bytes())
    return f"s3://{BUCKET}/images/orchard"


def check_results(orchard: str, out: str, site: Site, folder: Path) -> None:
    options = StorageOptions(site.region, os.environ["AWS_ENDPOINT_URL"])
    record = check_complete(open_storage(orchard, options), open_storage(out, options))
    assert record.embedded == 60
    assert json.loads((folder / "run.json").read_text())["features"] == 60
    assert (folder / "report.html").read_bytes().startswith(b"<!")


@pytest.mark.cluster
def test_the_whole_on_ec2(
    cloud, world, site: Site, package_uri: str, master: str, spark_home: str, orchard: str, tmp_path: Path
) -> None:
    """verify, run, bootstrap with no index, spark-submit as it was submitted, results, tables, nothing left."""
    home, out = tmp_path / "opt" / "fruits", f"{site.results}/orchard"
    assert cloud("verify", "--bucket", BUCKET).code == 0
    world.script(job="spark", bootstrap=True, master=master, spark_home=spark_home)
    words = ["run", orchard, out, "--budget", "10", "--package", package_uri, "--home", str(home), "--poll", "0.5"]
    answer = cloud(*words, "--components", "4", "--download", "home")
    cluster = next(path for path in world.work.glob("j-*") if (path / "bootstrap.log").exists())
    assert answer.code == 0, answer.said + "".join(p.read_text() for p in cluster.rglob("stderr"))[-4000:]
    check_results(orchard, out, site, tmp_path / "home")
    assert "is installed" in (cluster / "bootstrap.log").read_text()
    assert (cluster / "halt").read_text().startswith("-h +"), "the timer on the primary"
    freeze = [
        str(home / "bin" / "python"),
        "-c",
        "import importlib.metadata as m; print(*(d.name for d in m.distributions()))",
    ]
    installed = subprocess.run(freeze, capture_output=True, text=True, check=True, env={}).stdout.lower().split()
    assert "pyspark" not in installed
    submitted = world.cluster_of(next(iter(_names(world))))["request"]["Steps"][0]["HadoopJarStep"]["Args"]
    ran = next(cluster.rglob("command")).read_text().splitlines()
    differing = [(a, b) for a, b in zip(submitted, ran, strict=True) if a != b]
    assert [a for a, _ in differing] == ["spark-submit", "yarn"], "all else is as submitted"
    assert cloud("plan", orchard, out).said.startswith("0 images to embed"), "what is done costs nothing again"


def _names(world) -> list[str]:
    clusters = world.state()["clusters"].values()
    return [
        each["request"]["Name"]
        for each in clusters
        if each["request"]["BootstrapActions"][0]["ScriptBootstrapAction"]["Args"][1] != "/opt/fruits"
    ]


@pytest.mark.cluster
def test_the_whole_on_serverless(
    cloud, world, site: Site, package_uri: str, master: str, spark_home: str, orchard: str, tmp_path: Path
) -> None:
    """The archive is unpacked by Spark itself for the executors; its Python is bare."""
    bare, out = tmp_path / "bare", f"{site.results}/orchard-serverless"
    venv.create(bare, with_pip=False)
    world.script(job="spark", master=master, spark_home=spark_home, bare_python=str(bare / "bin" / "python"))
    words = ["run", orchard, out, "--budget", "10", "--package", package_uri, "--serverless", "--poll", "0.5"]
    answer = cloud(*words, "--components", "4", "--download", "home")
    logs = "".join(path.read_text()[-4000:] for path in world.work.glob("00f*/*/stderr"))
    assert answer.code == 0, answer.said + logs
    check_results(orchard, out, site, tmp_path / "home")


@pytest.mark.cluster
def test_a_damaged_package_stops_the_bootstrap(cloud, world, site: Site, package_uri: str, tmp_path: Path) -> None:
    client, key = boto3.client("s3"), f"{package_uri.removeprefix(f's3://{BUCKET}/')}/job.py"
    whole = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    client.put_object(Bucket=BUCKET, Key=key, Body=b"# changed")
    try:
        world.script(bootstrap=True)
        words = ["run", f"s3://{BUCKET}/images", f"{site.results}/damaged", "--budget", "10", "--package", package_uri]
        answer = cloud(*words, "--home", tmp_path / "opt", "--poll", "0.1")
    finally:
        client.put_object(Bucket=BUCKET, Key=key, Body=whole)
    assert answer.code == 1
    assert "the cluster did not start: BOOTSTRAP_FAILURE" in answer.said
    assert not (tmp_path / "opt" / "bin").exists()
