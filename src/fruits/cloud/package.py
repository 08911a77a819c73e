"""The environment that travels with the job: our wheel, everything it needs with hashes, models; uploaded once."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fruits.cloud.aws import Aws, aws_errors
from fruits.cloud.errors import CloudError, UsageError
from fruits.cloud.site import PREFIX, Site

PYTHON = "3.11"  # EMR 7.1 and later and emr-spark-8.0 have it beside their default one
SUMS = "SHA256SUMS"
ARCHIVE = "environment.tar.gz"
# Amazon Linux 2023 has glibc 2.34: it runs wheels made for any older one.
_GLIBC = (*range(34, 16, -1), 12, 5)
_MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}

# What spark-submit starts: the command line of Fruits!, unchanged.
JOB = "import sys\n\nfrom fruits.cli import main\n\nsys.exit(main())\n"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """A folder to upload; ``digest`` is over the names and contents of all its files."""

    folder: Path
    digest: str
    architecture: str

    @property
    def key(self) -> str:
        """Where it lies in a site's bucket, without a slash at the end."""
        return f"{PREFIX}packages/{self.digest}"


def build_package(
    folder: Path,
    cache: Path,
    architecture: str = "x86_64",
    *,
    wheel: Path | None = None,
    backbones: Sequence[Path] = (),
    backbones_root: Path | None = None,
    archive: bool = False,
    tell: Tell = lambda line: None,
) -> Package:
    """Make a package in ``folder``, which must be empty or absent.

    Args:
        folder: where it is made.
        cache: folder in which downloaded wheels are kept.
        architecture: ``x86_64`` or ``arm64``.
        wheel: our own wheel; by default it is built from the source tree that this module lies in.
        backbones: files of fetched or added backbones that the run needs beside the packaged ones.
        backbones_root: the folder that their paths are kept relative to.
        archive: also make the archive that EMR Serverless unpacks.
        tell: hears what is being done.

    Raises:
        UsageError: there is no source tree to build a wheel from.
        CloudError: pip failed.
    """
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lock = _data("wheelhouse.txt")
    own = _own_wheel(wheel, wheels)
    tell(f"wheel {own.name}; collecting {lock.count('==')} packages for Python {PYTHON}, {architecture}")
    _download(lock, wheels, cache / f"{PYTHON}-{architecture}", architecture)
    (folder / "requirements.txt").write_text(_own_pin(own) + lock, encoding="utf-8")
    _download(_data("pip.txt"), folder, cache, architecture)  # nodes may have none; a wheel of pip runs as it is
    (folder / "job.py").write_text(JOB, encoding="utf-8")
    (folder / "bootstrap.sh").write_text(_data("bootstrap.sh"), encoding="utf-8")
    for file in backbones:
        target = folder / "backbones" / file.relative_to(backbones_root or file.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    if archive:
        tell("archive for EMR Serverless")
        _archive(folder, architecture)
    digest = _digest(folder, architecture)
    sums = "".join(f"{_sha256(path)}  {path.relative_to(folder)}\n" for path in _files(folder) if path.name != ARCHIVE)
    (folder / SUMS).write_text(sums, encoding="utf-8")
    return Package(folder, digest, architecture)


def upload_package(package: Package, site: Site, aws: Aws, tell: Tell = lambda line: None) -> str:
    """Upload what the bucket lacks, the sums last: they say that the package is whole. Return the package's URI."""
    client = aws.client("s3")
    uri = f"s3://{site.bucket}/{package.key}"
    with aws_errors(f"uploading the package to {uri}"):
        answer = client.get_paginator("list_objects_v2").paginate(Bucket=site.bucket, Prefix=f"{package.key}/")
        there = {item["Key"]: item["Size"] for page in answer for item in page.get("Contents", [])}
        missing = [
            path
            for path in _files(package.folder)
            if there.get(f"{package.key}/{path.relative_to(package.folder)}") != path.stat().st_size
        ]
        if missing:
            total = sum(path.stat().st_size for path in missing)
            tell(f"uploading {len(missing)} files, {total / 2**20:.0f} MB, to {uri}")
        for path in sorted(missing, key=lambda path: path.name == SUMS):
            client.upload_file(str(path), site.bucket, f"{package.key}/{path.relative_to(package.folder)}")
    return uri


def check_uploaded(
    uri: str, site: Site, aws: Aws, *, archive: bool, backbones: Sequence[Path] = (), mend: str = "fruits cloud package"
) -> None:
    """Raise :class:`UsageError` unless a whole package lies at ``uri``.

    ``backbones`` are files that must be in it, relative to the folder of backbones; ``mend`` is what to do otherwise.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if bucket != site.bucket or not key.startswith(f"{PREFIX}packages/"):
        raise UsageError(f"{uri} is no package in s3://{site.bucket}/{PREFIX}packages/; run: {mend}")
    wanted = [SUMS, "job.py", *([ARCHIVE] if archive else []), *(f"backbones/{name}" for name in backbones)]
    with aws_errors(f"looking for the package {uri}"):
        answer = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=200)
    names = {item["Key"].removeprefix(f"{key}/") for item in answer.get("Contents", [])}
    if lacking := [name for name in wanted if name not in names]:
        raise UsageError(f"the package {uri} lacks {', '.join(lacking)}; run: {mend}")


def source_tree() -> Path | None:
    """Return the repository that this module lies in, or None where the package was installed from a wheel."""
    root = Path(__file__).parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "src" / "fruits").is_dir() else None


def _own_wheel(given: Path | None, target: Path) -> Path:
    if given is not None:
        if given.suffix != ".whl" or not given.is_file():
            raise UsageError(f"--wheel {given} is no wheel file")
        return Path(shutil.copy(given, target))
    root = source_tree()
    if root is None:
        raise UsageError("there is no source tree to build the wheel from; name one you have with --wheel FILE")
    _pip_run("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(root))
    return next(target.glob("fruits-*.whl"))


def _own_pin(wheel: Path) -> str:
    version = wheel.name.split("-")[1]
    return f"fruits=={version} \\\n    --hash=sha256:{_sha256(wheel)}\n"


def _download(lock: str, target: Path, cache: Path, architecture: str) -> None:
    """Bring every wheel of the lock into ``target``, by way of the cache; pip checks the hashes of both ways."""
    cache.mkdir(parents=True, exist_ok=True)
    machine = _MACHINE[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]
    chosen = [option for name in platforms for option in ("--platform", name)]
    abis = [option for abi in ("cp311", "abi3", "none") for option in ("--abi", abi)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(lock)
        requirements.flush()
        for to, places in ((cache, ["--find-links", str(cache)]), (target, ["--find-links", str(cache), "--no-index"])):
            _pip_run(
                *["download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", requirements.name],
                *["--python-version", PYTHON, "--implementation", "cp", *abis, *chosen, *places, "--dest", str(to)],
            )


def _archive(folder: Path, architecture: str) -> None:
    """Install the wheels into a folder, as they are for the target, and pack it the same way every time."""
    machine = _MACHINE[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]
    chosen = [option for name in platforms for option in ("--platform", name)]
    with tempfile.TemporaryDirectory() as scratch:
        _pip_run(
            *["install", "--no-index", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"],
            *["--python-version", PYTHON, "--implementation", "cp", *chosen, "--find-links", str(folder / "wheels")],
            *["--target", scratch, "-r", str(folder / "requirements.txt")],
        )
        if (folder / "backbones").is_dir():
            shutil.copytree(folder / "backbones", Path(scratch) / "backbones")
        _pack(Path(scratch), folder / ARCHIVE)


def _pack(folder: Path, target: Path) -> None:
    """Pack a folder so that the same files always make the same bytes: nothing of the time, the user or the umask."""
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path in _files(folder):
            archive.add(path, str(path.relative_to(folder)), recursive=False, filter=_anonymous)


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mtime = info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.mode & 0o100 else 0o644
    return info


def _pip_run(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        reason = " ".join(said[:2]).removeprefix("ERROR: ")
        raise CloudError(f"packaging: pip {arguments[0]} failed: {reason}")


def _data(name: str) -> str:
    return (resources.files("fruits.cloud") / "data" / name).read_text(encoding="utf-8")


def _digest(folder: Path, architecture: str) -> str:
    parts = [f"{path.relative_to(folder)} {_sha256(path)}" for path in _files(folder)]
    return hashlib.sha256("\n".join([architecture, *parts]).encode()).hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
