"""Mails over SMTP: to a real server of ours, whose slowness must not tell who has an account."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import wait_until
from web_browser import Browser, fresh
from web_site import serving

SLOW = 1.5  # seconds before the mail server greets


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every mail, after a while."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.mails: list[str] = []


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        time.sleep(SLOW)
        self._say("220 ready")
        for line in self.rfile:
            word = line.decode().split()[0].upper() if line.strip() else ""
            if word == "DATA":
                self._say("354 go on")
                self.server.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
            self._say("221 bye" if word == "QUIT" else "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def seconds(browser: Browser, email: str) -> float:
    start = time.monotonic()
    assert browser.post("/api/accounts/password-reset", {"email": email}).status_code == 202
    return time.monotonic() - start


@pytest.mark.timed
def test_a_slow_mail_server_does_not_tell_who_has_an_account(tmp_path: Path, mail_server: MailServer) -> None:
    address = f"smtp://127.0.0.1:{mail_server.server_address[1]}?plain"
    with serving(tmp_path / "home", FRUITS_MAIL=address) as site:
        browser = site.browser()
        known = fresh()
        assert browser.sign_up(email=known).status_code == 202
        wait_until(lambda: len(mail_server.mails) == 1, "the mail of the sign-up")
        assert known in mail_server.mails[0] and "/verify?token=" in mail_server.mails[0]
        assert max(seconds(browser, email) for email in (known, fresh())) < SLOW / 2
        wait_until(lambda: len(mail_server.mails) == 2, "the mail of the reset")
        assert "/reset?token=" in mail_server.mails[1]


def test_a_mail_that_waits_is_sent_before_the_server_ends(tmp_path: Path, mail_server: MailServer) -> None:
    address = f"smtp://127.0.0.1:{mail_server.server_address[1]}?plain"
    with serving(tmp_path / "home", FRUITS_MAIL=address) as site:
        assert site.browser().sign_up(email=fresh()).status_code == 202
        site.process.process.terminate()
        with contextlib.suppress(TimeoutError):
            site.process.wait(30)
        assert len(mail_server.mails) == 1
