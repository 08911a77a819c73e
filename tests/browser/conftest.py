"""The real server, the real build, Debian's Chromium, and photos whose answer the engine itself gives in Python."""

from __future__ import annotations

import csv
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

pytest.importorskip("playwright", reason="the browser tests need the Python package playwright")
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from real_app import FLAGS, PATIENCE, PHONE, REPOSITORY, Device, Photo, pick

from web_site import Site, serving

APP = REPOSITORY / "src" / "fruits" / "web" / "static" / "app"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: 'apt-get install chromium', else the browser tests do not run")
    return path


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built front end."""
    if not (APP / "index.html").exists():
        pytest.skip(f"the front end is not built ({APP}): run 'make setup'")
    return APP


@pytest.fixture(scope="session")
def site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server that the tests share; each has a browser context, and so a device, of its own."""
    with serving(tmp_path_factory.mktemp("site") / "home") as one:
        yield one


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver; not for the session, since Django refuses to work beside its event loop."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """One Chromium for a module's tests."""
    browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def device(chromium: Browser) -> Iterator[Device]:
    """Makes a page on a fresh device; a test fails when a page of its raised an error or broke the CSP."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(**options: object) -> Page:
        context = chromium.new_context(**{"viewport": PHONE, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_csp(message.text) else None)
        return page

    expect.set_options(timeout=PATIENCE)
    yield make
    for context in contexts:
        context.close()
    assert not complaints


def _is_csp(words: str) -> bool:
    return bool(re.search("content security policy", words, re.IGNORECASE))


@pytest.fixture(scope="session")
def photos(fruits_data: Path) -> list[Photo]:
    """Fifty photos of the validation set, spread over its labels, and some of cartons."""
    from fruits.engine import Recogniser

    with (fruits_data / "labels.csv").open(newline="") as table:
        labels = {row["label"]: row["species"] for row in csv.DictReader(table) if row["dataset"] == "grocery-store"}
    recogniser = Recogniser.load()
    found = sorted((fruits_data / "grocery-store" / "val").rglob("*.jpg"))
    step = len(found) / 50
    chosen = [found[int(index * step)] for index in range(50)]
    return [Photo(path, labels[path.parent.name], recogniser.identify(path)) for path in chosen]


@pytest.fixture(scope="session")
def sure_photo(photos: list[Photo]) -> Photo:
    """A photo that the engine names, surely and rightly."""
    return pick(photos, lambda photo: photo.answer.sure and photo.answer.species == photo.species, "sure and right")


@pytest.fixture(scope="session")
def unsure_photo(photos: list[Photo]) -> Photo:
    """A photo of produce that the engine is not sure of."""
    return pick(photos, lambda photo: photo.answer.is_produce and not photo.answer.sure, "produce, not sure")


@pytest.fixture(scope="session")
def no_fruit(photos: list[Photo]) -> Photo:
    """A photo of a carton."""
    return pick(photos, lambda photo: not photo.answer.is_produce and not photo.species, "no produce")
