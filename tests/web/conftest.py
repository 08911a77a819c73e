"""One server process for all tests of the web room, and Django in this process on the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from web_browser import Browser
from web_site import CLEAN, Site, serving


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build of the front end leaves: a page, hashed files, a service worker."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(
        "<!doctype html><title>Fruits!</title><script src=/assets/index-B8d2x9Qa.js></script>"
    )
    (folder / "assets" / "index-B8d2x9Qa.js").write_text("console.log('fruit')\n" * 100)
    (folder / "assets" / "ort-C0ffee12.wasm").write_bytes(b"\0asm\1\0\0\0")
    (folder / "sw.js").write_text("self.addEventListener('fetch', () => {})")
    (folder / "manifest.webmanifest").write_text("{}")
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, app_folder: Path) -> Iterator[Site]:
    """The server that the tests share; every test makes users of its own."""
    home = tmp_path_factory.mktemp("web") / "home"
    quick = {"FRUITS_UPLOAD_SECONDS": "5", "FRUITS_APP_FOLDER": str(app_folder)}
    with serving(home, **quick) as one:
        yield one


@pytest.fixture(scope="session")
def django(site: Site, app_folder: Path) -> Iterator[None]:
    """Django in this process, on the data of ``site``."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CLEAN:
            patch.delenv(name, raising=False)
        patch.setenv("DJANGO_SETTINGS_MODULE", "fruits.web.settings")
        patch.setenv("FRUITS_HOME", str(site.home))
        patch.setenv("FRUITS_APP_FOLDER", str(app_folder))
        import django

        django.setup()
        yield
        from django.db import connections

        connections.close_all()


@pytest.fixture
def browser(site: Site) -> Browser:
    site.forget_attempts()
    return site.browser()


@pytest.fixture
def someone(site: Site) -> Callable[..., Browser]:
    """Make a browser in which somebody new is signed in, with switches turned."""

    site.forget_attempts()

    def make(language: str = "en", **switches: bool) -> Browser:
        return site.browser(language).join(**switches)

    return make
