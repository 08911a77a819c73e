"""How a repository's files reach a folder: a shallow fetch with git, or its archive over HTTP, unpacked with care."""

from __future__ import annotations

import errno
import re
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO

Tell = Callable[[int, int | None], None]

_CHUNK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
_MOST_FILES = 1_000_000
_MOST_BYTES = 20 * 2**30  # unpacked; Fruits-360 is under one GiB
# Files of the repository's root that go with the images.
_PAPERS = ("LICENSE", "README.md")
_GIT = (
    *("git", "-c", "core.autocrlf=false", "-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "credential.helper=", "-c", "core.askPass=true", "-c", "gc.auto=0", "-c", "advice.detachedHead=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", f"http.lowSpeedTime={_TIMEOUT}"),
)
_SHARE = re.compile(rb"(\d+)% \((\d+)/(\d+)\)")


class TransferError(Exception):
    """One way of transfer failed; the other may work. A full disk is an OSError instead: nothing else would help."""


def no_room(error: OSError) -> bool:
    """Whether the disk or the user's share of it is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


# --- git -------------------------------------------------------------------------------------------------------------


def fetch_git(staging: Path, url: str, revision: str, tell: Tell) -> Path:
    """Fetch one commit, check it out and return the folder with its files, without ``.git``.

    A commit that an earlier try has fetched is not fetched again.
    """
    tree, store = staging / "tree", staging / "git"
    tree.mkdir(exist_ok=True)
    if not (store / "HEAD").exists():
        _git(["init", "--quiet", "--bare", str(store)], staging, tell)
    for lock in store.glob("*.lock"):  # left by a git that was killed
        lock.unlink()
    where = ["-C", str(tree), "--git-dir", str(store), "--work-tree", str(tree)]
    try:
        _git([*where, "cat-file", "-e", f"{revision}^{{commit}}"], staging, tell)
    except TransferError:
        _git([*where, "fetch", "--progress", "--depth", "1", "--no-tags", url, revision], staging, tell)
    _git([*where, "checkout", "--progress", "--force", revision, "--", "."], staging, tell)
    shutil.rmtree(store)
    return tree


def _git(arguments: list[str], staging: Path, tell: Tell) -> None:
    """Run git, passing on its progress; its last words become the error."""
    with subprocess.Popen(
        [*_GIT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None  # noqa: S101  (asked for above)
        said = b""
        try:
            while chunk := process.stderr.read1():  # type: ignore[attr-defined]
                said = (said + chunk)[-4000:]
                for share in list(_SHARE.finditer(chunk))[-1:]:
                    tell(int(share[2]), int(share[3]))
        except BaseException:
            process.kill()
            raise
    if process.returncode == 0:
        return
    words = [line for line in re.split(r"[\r\n]+", said.decode("utf-8", "replace")) if line.strip()]
    if "No space left" in said.decode("utf-8", "replace") or shutil.disk_usage(staging).free < _CHUNK:
        raise OSError(errno.ENOSPC, "no space left on device", str(staging))
    raise TransferError(words[-1].strip() if words else f"git left with {process.returncode}")


# --- archive ---------------------------------------------------------------------------------------------------------


def fetch_archive(staging: Path, url: str, folders: tuple[str, ...], tell: Tell) -> Path:
    """Download a .tar.gz, unpack the named folders of its top folder and return the folder that holds them."""
    archive, tree = staging / "archive.tar.gz", staging / "unpacked"
    if not archive.exists():
        _download(url, archive, tell)
    shutil.rmtree(tree, ignore_errors=True)
    try:
        with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r:gz") as tar:
            _unpack(tar, tree, folders)
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        archive.unlink()
        raise TransferError(f"{url} is not a whole .tar.gz ({error})") from error
    except OSError as error:
        if error.errno is None:  # gzip's own complaints
            archive.unlink()
            raise TransferError(f"{url} is not a whole .tar.gz ({error})") from error
        raise
    return tree


def _download(url: str, target: Path, tell: Tell) -> None:
    """Download to ``target``, going on where an earlier try broke off if the server still has the same file."""
    if not url.startswith(("https://", "http://")):
        raise TransferError(f"{url} is not an HTTP address")
    part, tag = target.with_suffix(".part"), target.with_suffix(".etag")
    have = part.stat().st_size if part.exists() and tag.exists() else 0
    headers = {"Range": f"bytes={have}-", "If-Range": tag.read_text()} if have else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  (the scheme is checked above)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            if answer.status != 206:
                have = 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else None
            if not have:
                tag.unlink(missing_ok=True)
            with part.open("ab" if have else "wb") as file:
                # Only a strong tag says that the bytes are the same.
                if not have and answer.headers.get("ETag", "W/").startswith('"'):
                    tag.write_text(answer.headers["ETag"])
                done = _copy(answer, file, have, total, tell)
    except urllib.error.HTTPError as error:
        part.unlink(missing_ok=True)
        raise TransferError(f"{url} answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise TransferError(f"{url} cannot be reached ({error.reason})") from error
    except (HTTPException, TimeoutError, ConnectionError) as error:
        raise TransferError(f"the download of {url} broke off ({error or type(error).__name__})") from error
    if total is not None and done != total:
        raise TransferError(f"the download of {url} broke off at {done:,} of {total:,} bytes")
    part.replace(target)
    tag.unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes], done: int, total: int | None, tell: Tell) -> int:
    tell(done, total)
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        done += len(chunk)
        tell(done, total)
    return done


def _unpack(tar: tarfile.TarFile, tree: Path, folders: tuple[str, ...]) -> None:
    """Write the wanted regular files, and nothing else: no links, no devices, no path that leads out."""
    files = size = 0
    for member in tar:
        path = PurePosixPath(member.name)
        inside = path.parts[1:]
        if not member.isreg() or not inside:
            continue
        if path.is_absolute() or ".." in path.parts or "\\" in member.name:
            raise ValueError(f"it holds the path {member.name!r}, which leads out of the folder")
        if inside[0] not in folders and inside not in [(name,) for name in _PAPERS]:
            continue
        files, size = files + 1, size + member.size
        if files > _MOST_FILES or size > _MOST_BYTES:
            raise ValueError(f"it holds more than {_MOST_FILES:,} files or {_MOST_BYTES / 2**30:.0f} GiB")
        content = tar.extractfile(member)
        if content is None:
            continue
        target = tree.joinpath(*inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(content, file, _CHUNK)
