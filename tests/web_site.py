"""A server of ours in a process of its own, for tests."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from servers import Started, free_port, start_cli, wait_until
from web_browser import Browser

CLEAN = (
    "DATABASE_URL",
    "FRUITS_PRODUCTION",
    "FRUITS_SECRET_KEY",
    "FRUITS_HOSTS",
    "FRUITS_ORIGIN",
    "FRUITS_MAIL",
    "FRUITS_CONTROLLER",
    "FRUITS_APP_FOLDER",
)


@dataclass
class Site:
    """A running server and where its data lie."""

    address: str
    home: Path
    process: Started

    def browser(self, language: str = "en", agent: str = "Firefox Linux") -> Browser:
        return Browser(self.address, self.home, language, agent)

    def forget_attempts(self) -> None:
        """All tests come from one address; none shall be throttled for what others tried."""
        with sqlite3.connect(self.home / "fruits.sqlite3", timeout=20) as database:
            database.execute("DELETE FROM accounts_attempt")

    def resident(self) -> int:
        """Bytes of memory that the server holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def serving(
    home: Path, *arguments: str, scheme: str = "http", answers: str = "/readyz", **environment: str
) -> Iterator[Site]:
    """`fruits serve` in a process of its own until the block ends; begins when the page ``answers`` does."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    variables = {"FRUITS_RECOGNITION_RATE": "0", **dict.fromkeys(CLEAN, ""), **environment}
    log = home.parent / f"{home.name}.log"
    server = start_cli("serve", "--port", str(port), "--home", str(home), *arguments, log=log, **variables)
    address = f"{scheme}://localhost:{port}"
    try:
        wait_until(
            lambda: _ready(address + answers) or not server.running(), f"an answer; the server said: {server.said()}"
        )
        assert server.running(), server.said()
        yield Site(address, home, server)
    finally:
        server.kill_group()


def _ready(address: str) -> bool:
    try:
        return bool(requests.get(address, timeout=5, verify=False).status_code == 200)
    except requests.RequestException:
        return False
