"""What the browser tests share: the site, devices' sizes, photos, and the steps that many of them take."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Page

from servers import Started, free_port, start_cli, wait_until

REPOSITORY = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# Milliseconds; the machine may be busy with other things.
PATIENCE = 60_000

Device = Callable[..., Page]


@dataclass
class Site:
    """A running server."""

    address: str
    home: Path
    process: Started

    def mail_to(self, email: str) -> str:
        """The newest mail to ``email``."""
        found = [mail for mail in sorted((self.home / "mail").glob("*")) if email in mail.read_text()]
        assert found, f"no mail to {email}"
        return found[-1].read_text()


@contextlib.contextmanager
def serving(home: Path, **environment: str) -> Iterator[Site]:
    """``fruits serve`` until the block ends."""
    port = free_port()
    log = home.with_suffix(".log")
    server = start_cli(
        "serve", "--port", str(port), "--home", str(home), log=log, FRUITS_RECOGNITION_RATE="0", **environment
    )
    address = f"http://localhost:{port}"
    try:
        wait_until(lambda: _ready(address) or not server.running(), f"the server: {server.said()}")
        assert server.running(), server.said()
        yield Site(address, home, server)
    finally:
        server.kill_group()


def _ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass(frozen=True)
class Photo:
    """A real photo, what its label says and what the engine answers in Python."""

    path: Path
    species: str
    answer: object


def pick(photos: list[Photo], wanted: Callable[[Photo], bool], what: str) -> Photo:
    """The first photo that fits; the engine must have one."""
    for photo in photos:
        if wanted(photo):
            return photo
    raise AssertionError(f"among {len(photos)} photos none is {what}")


def open_app(page: Page, site: Site, path: str = "/") -> None:
    """Open a page of the app and wait until the catalogue is there."""
    page.goto(site.address + path)
    page.wait_for_load_state("networkidle")


def engine_ready(page: Page, site: Site) -> None:
    """Open the camera's page and wait until the engine runs on the device."""
    page.goto(site.address)
    page.wait_for_selector("[data-engine=ready]")


def scan(page: Page, path: Path) -> None:
    """Choose a photo and wait for the answer."""
    page.locator("input[type=file]").last.set_input_files(path)
    page.wait_for_selector("[data-answer]")


def until(page: Page, expression: str, seconds: float = 60) -> None:
    """Wait until an expression holds on the page; Playwright's own way needs `eval`, which the CSP forbids."""
    wait_until(lambda: page.evaluate(expression), expression, seconds)


def tell(words: str) -> None:
    """Say a measured figure; pytest shows it with -s or -rP."""
    sys.stdout.write(words + "\n")
