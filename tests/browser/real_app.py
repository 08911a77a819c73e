"""What the browser tests share: devices' sizes, photos, and the steps that many of them take."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from servers import wait_until
from web_site import Site

REPOSITORY = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# Milliseconds; the machine may be busy with other things.
PATIENCE = 60_000
PASSWORD = "quince-marmalade-47"
AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Device = Callable[..., Page]


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


def sign_up(page: Page, site: Site, email: str) -> None:
    open_app(page, site, "/account")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am 15 or older").check()
    page.get_by_label("I have read the privacy notice").check()
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_text(f"Open the link in the message we sent to {email}")).to_be_visible()
    page.goto(f"{site.address}/verify?token={site.browser().link_token(email)}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(f"Signed in as {email}")).to_be_visible()


def sign_in(page: Page, site: Site, email: str) -> None:
    open_app(page, site, "/account")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(f"Signed in as {email}")).to_be_visible()


def violations(page: Page) -> list[str]:
    """What axe finds, each as its rule and the first element."""
    if not AXE.exists():
        pytest.skip(f"{AXE} is missing: run 'make setup'")
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, { runOnly: rules }).then(result => result.violations)", RULES)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary']}" for one in found]


def until(page: Page, expression: str, seconds: float = 60) -> None:
    """Wait until an expression holds on the page; Playwright's own way needs `eval`, which the CSP forbids."""
    wait_until(lambda: page.evaluate(expression), expression, seconds)


def tell(words: str) -> None:
    """Say a measured figure; pytest shows it with -s or -rP."""
    sys.stdout.write(words + "\n")
