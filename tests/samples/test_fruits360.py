"""fetch_fruits_360(): from a local git repository and a local HTTP server, with everything that can go wrong."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fruits.samples import fruits360, transfer
from fruits.samples.errors import SamplesError
from fruits.samples.fruits360 import MARK, REVISION, Counts, count_images, fetch_fruits_360

FILES = {
    "Training/Apple Red 1/0_100.jpg": b"red",
    "Training/Apple Red 1/r_1_100.jpg": b"redder",
    "Training/Pear 1/0_100.jpg": b"pear",
    "Test/Pear 1/3_100.jpg": b"another pear",
    "README.md": b"# Fruits-360",
    "LICENSE": b"MIT",
    "papers/big.pdf": b"not wanted from the archive",
}
COUNTS = Counts(training=3, test=1, labels=2)
NOWHERE = "file:///nowhere/at/all"


def everything_below(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


# --- git ---


def git(where: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=where, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A repository whose second-last commit holds FILES: its address and that commit."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    home = tmp_path_factory.mktemp("home")
    git(home, "init", "--quiet")
    git(home, "config", "uploadpack.allowAnySHA1InWant", "true")
    for name, content in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    git(home, "add", "-A")
    git(home, "commit", "--quiet", "-m", "images")
    revision = git(home, "rev-parse", "HEAD").strip()
    (home / "Test/Pear 1/3_100.jpg").unlink()
    git(home, "commit", "--quiet", "-am", "a later state")
    return f"file://{home}", revision


def test_git_brings_the_pinned_commit(repository: tuple[str, str], tmp_path: Path) -> None:
    url, revision = repository
    told: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "fruits"
    counts = fetch_fruits_360(target, url=url, revision=revision, progress=lambda *now: told.append(now))
    assert counts == COUNTS == count_images(target)
    found = everything_below(target)
    found.pop(MARK)
    assert found == FILES
    assert told and all(total is None or done <= total for done, total in told)
    assert [entry.name for entry in target.parent.iterdir()] == ["fruits"]


def test_fetching_again_needs_no_network(repository: tuple[str, str], tmp_path: Path) -> None:
    url, revision = repository
    (tmp_path / "fruits").mkdir()  # an empty folder is as good as none
    fetch_fruits_360(tmp_path / "fruits", url=url, revision=revision)
    assert fetch_fruits_360(tmp_path / "fruits", url=NOWHERE, revision=revision) == COUNTS
    with pytest.raises(SamplesError, match="holds revision"):
        fetch_fruits_360(tmp_path / "fruits", url=NOWHERE, revision="0" * 40)
    (tmp_path / "fruits" / "Test" / "Pear 1" / "3_100.jpg").unlink()
    with pytest.raises(SamplesError, match="added to or removed"):
        fetch_fruits_360(tmp_path / "fruits", url=NOWHERE, revision=revision)


def test_a_commit_that_was_fetched_is_not_fetched_again(repository: tuple[str, str], tmp_path: Path) -> None:
    url, revision = repository
    staging = tmp_path / f".fruits.fetching-{revision[:12]}"
    staging.mkdir()
    subprocess.run(["git", "clone", "--quiet", "--bare", url, staging / "git"], check=True, capture_output=True)
    (staging / "git" / "index.lock").touch()  # killed in the checkout
    (staging / "tree").mkdir()
    assert fetch_fruits_360(tmp_path / "fruits", url=NOWHERE, revision=revision) == COUNTS


def test_too_few_images_never_get_the_name(repository: tuple[str, str], tmp_path: Path) -> None:
    url, revision = repository
    with pytest.raises(SamplesError, match="1 of 5 test"):
        fetch_fruits_360(tmp_path / "f", url=url, revision=revision, expected=Counts(3, 5, 2))
    assert not any(tmp_path.iterdir())


def test_an_interrupted_callers_git_is_ended(repository: tuple[str, str], tmp_path: Path) -> None:
    url, revision = repository

    def stop(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_fruits_360(tmp_path / "f", url=url, revision=revision, progress=stop)
    assert not (tmp_path / "f").exists()
    assert fetch_fruits_360(tmp_path / "f", url=url, revision=revision) == COUNTS


# --- archive ---


def archive(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member)
    return file.getvalue()


def within(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"fruits-360-100x100-abc/{name}": content for name, content in files.items()}


class Server(ThreadingHTTPServer):
    """Serves ``content`` at /archive/REVISION.tar.gz; breaks off after ``breaks`` bytes where that is set."""

    content = b""
    etag = '"one"'
    breaks: int | None = None
    ranges: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path != f"/archive/{REVISION}.tar.gz":
            self.send_error(404)
            return
        wanted = self.headers["Range"]
        self.server.ranges.append(wanted)
        start = 0
        if wanted and self.headers["If-Range"] == self.server.etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.server.content) - start))
        self.send_header("ETag", self.server.etag)
        self.end_headers()
        self.wfile.write(self.server.content[start : self.server.breaks])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.ranges = []
        running.content = archive(within(FILES))
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fruits360.shutil, "which", lambda _: None)


def fetch(server: Server, target: Path, counts: Counts = COUNTS, **more: object) -> Counts:
    return fetch_fruits_360(target, url=server.url, expected=counts, **more)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_git")
def test_without_git_the_archive_is_unpacked(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    assert fetch(server, tmp_path / "f", progress=lambda *now: told.append(now)) == COUNTS
    found = everything_below(tmp_path / "f")
    found.pop(MARK)
    assert found == {name: content for name, content in FILES.items() if not name.startswith("papers")}
    assert told[0] == (0, len(server.content)) and told[-1] == (len(server.content), len(server.content))
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_the_archive_stands_in_where_git_fails(server: Server, tmp_path: Path) -> None:
    assert fetch(server, tmp_path / "f") == COUNTS


@pytest.mark.usefixtures("no_git")
def test_a_download_that_broke_off_goes_on(server: Server, tmp_path: Path) -> None:
    server.breaks = 100
    with pytest.raises(SamplesError, match=r"broke off.*run the same again"):
        fetch(server, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    server.breaks = None
    assert fetch(server, tmp_path / "f") == COUNTS
    assert server.ranges == [None, "bytes=100-"]


@pytest.mark.usefixtures("no_git")
def test_a_download_of_another_file_starts_over(server: Server, tmp_path: Path) -> None:
    server.breaks = 100
    with pytest.raises(SamplesError):
        fetch(server, tmp_path / "f")
    server.breaks, server.etag = None, '"two"'
    server.content = archive(within({**FILES, "Test/Pear 1/4_100.jpg": b"one more"}))
    assert fetch(server, tmp_path / "f") == Counts(3, 2, 2)


@pytest.mark.usefixtures("no_git")
@pytest.mark.parametrize("content", [b"<html>sorry</html>", b"", archive(within(FILES))[:200], archive({})])
def test_what_is_no_whole_archive_is_refused_and_forgotten(content: bytes, server: Server, tmp_path: Path) -> None:
    good, server.content = server.content, content
    with pytest.raises(SamplesError):
        fetch(server, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    server.content = good
    assert fetch(server, tmp_path / "f") == COUNTS


@pytest.mark.usefixtures("no_git")
@pytest.mark.parametrize("name", ["top/Training/../../../out.jpg", "/top/Training/a/out.jpg", "top/Test/..\\out.jpg"])
def test_a_path_that_leads_out_is_refused(name: str, server: Server, tmp_path: Path) -> None:
    server.content = archive({**within(FILES), name: b"evil"})
    with pytest.raises(SamplesError, match="leads out"):
        fetch(server, tmp_path / "deep" / "f")
    assert not list(tmp_path.rglob("*out.jpg"))


@pytest.mark.usefixtures("no_git")
def test_links_and_devices_are_left_out(server: Server, tmp_path: Path) -> None:
    odd = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = tarfile.TarInfo(f"top/Training/Apple Red 1/odd{kind.decode()}.jpg")
        member.type, member.linkname = kind, "/etc/passwd"
        odd.append(member)
    server.content = archive(within(FILES), *odd)
    assert fetch(server, tmp_path / "f") == COUNTS


@pytest.mark.usefixtures("no_git")
def test_an_archive_that_swells_is_refused(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_MOST_BYTES", 1000)
    server.content = archive(within({**FILES, "Test/Pear 1/9_100.jpg": bytes(2000)}))
    with pytest.raises(SamplesError, match="holds more than"):
        fetch(server, tmp_path / "f")


# --- what a user meets ---


def test_no_such_revision_and_no_network(server: Server, tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"404.*check the network or the proxy"):
        fetch_fruits_360(tmp_path / "f", url=server.url, revision="0" * 40)
    with pytest.raises(SamplesError, match="cannot be reached"):
        fetch_fruits_360(tmp_path / "f", url="http://127.0.0.1:9", revision="0" * 40)
    assert not (tmp_path / "f").exists()


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SamplesError, match="not empty"):
        fetch_fruits_360(tmp_path, url=NOWHERE)
    with pytest.raises(SamplesError, match="is a file"):
        fetch_fruits_360(tmp_path / "mine.txt", url=NOWHERE)
    with pytest.raises(SamplesError, match="cannot fetch into"):
        fetch_fruits_360(tmp_path / "mine.txt" / "f", url=NOWHERE)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]


def test_no_room_is_told_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fruits360, "_ROOM", 10**18)
    with pytest.raises(SamplesError, match="free: make room"):
        fetch_fruits_360(tmp_path / "f", url=NOWHERE)
    assert not any(tmp_path.iterdir())


@pytest.mark.usefixtures("no_git")
def test_a_disk_that_fills(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transfer, "_copy", full)
    with pytest.raises(SamplesError, match=r"disk of .* is full: make room"):
        fetch(server, tmp_path / "f")


def test_real_data_counts(fruits_data: Path) -> None:
    counts = count_images(fruits_data / "fruits-360")
    assert counts.labels == fruits360.EXPECTED.labels
    assert abs(counts.training * 17 / fruits360.EXPECTED.training - 1) < 0.02  # every 17th frame
    assert abs(counts.test * 17 / fruits360.EXPECTED.test - 1) < 0.04
