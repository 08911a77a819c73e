"""Keyboard only, screen readers (axe), light and dark, 320 to 2,000 pixels, a light first page."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_app import DESKTOP, PHONE, Device, Photo, engine_ready, open_app, scan, tell, violations

from web_site import Site

PAGES = (
    "/",
    "/explore",
    "/species/pear",
    "/species/gooseberry",
    "/history",
    "/privacy",
    "/account",
    "/verify",
    "/reset",
    "/no",
)
FIRST_PAGE = 200 * 1024


SCENES = [
    pytest.param({"viewport": PHONE, "color_scheme": "light", "locale": "fr-FR"}, id="phone-light-fr"),
    pytest.param({"viewport": DESKTOP, "color_scheme": "dark", "locale": "en-GB"}, id="desktop-dark-en"),
]


@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_nothing(device: Device, site: Site, scene: dict) -> None:
    page = device(reduced_motion="reduce", **scene)
    found = {}
    for path in PAGES:
        open_app(page, site, path)
        found[path] = violations(page)
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_nothing_in_the_answers(
    device: Device, site: Site, scene: dict, sure_photo: Photo, unsure_photo: Photo, no_fruit: Photo
) -> None:
    page = device(reduced_motion="reduce", **scene)
    for photo in (sure_photo, unsure_photo, no_fruit):
        engine_ready(page, site)
        scan(page, photo.path)
        assert violations(page) == []
    page.locator(".answer-actions .button.quiet").first.click()
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []


def focused(page: Page) -> str:
    return page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that name has the focus, and see that the focus shows."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).lower().startswith(name.lower()):
            return
    raise AssertionError(f"the Tab key never reached {name!r}")


def test_keyboard_only(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device(viewport=DESKTOP)
    engine_ready(page, site)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    tab_to(page, "Choose a photo")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(sure_photo.path)
    page.wait_for_selector("[data-answer]")
    assert page.evaluate("document.activeElement.id") == "content", "a new page takes the focus"
    tab_to(page, "No, it is")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.type("quince")
    tab_to(page, "Quince")
    page.keyboard.press("Enter")
    expect(page.locator("[data-answer=corrected]")).to_have_attribute("data-species", "quince")
    tab_to(page, "No, it is")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    assert focused(page).startswith("No, it is"), "a closed dialogue gives the focus back"


def test_focus_shows(device: Device, site: Site) -> None:
    page = device()
    open_app(page, site, "/explore")
    for _ in range(14):
        page.keyboard.press("Tab")
        shows = page.evaluate(
            """() => {
              const one = document.activeElement;
              const look = element => getComputedStyle(element);
              const next = one.nextElementSibling;
              return [one, next, one.parentElement].some(e => e && look(e).outlineStyle !== "none")
                || parseFloat(look(one).borderBottomWidth) >= 5;
            }"""
        )
        assert shows, page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2000])
def test_nothing_runs_over_the_edge(device: Device, site: Site, width: int) -> None:
    page = device(viewport={"width": width, "height": 800}, locale="fr-FR")
    for path in PAGES:
        open_app(page, site, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark(device: Device, site: Site, scheme: str, dark: bool) -> None:
    page = device(color_scheme=scheme)
    open_app(page, site, "/account")
    brightness = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    assert (max(page.evaluate(brightness)) < 60) is dark
    page.get_by_label("Light" if dark else "Dark", exact=True).check()
    assert (max(page.evaluate(brightness)) < 60) is not dark
    page.reload()
    assert (max(page.evaluate(brightness)) < 60) is not dark


def test_reduced_motion(device: Device, site: Site) -> None:
    page = device(reduced_motion="reduce")
    open_app(page, site)
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_first_page_is_light(device: Device, site: Site, built: Path) -> None:
    """What a browser fetches before the engine, gzipped: page, script, style, font, configuration and session."""
    page = device()
    fetched: list[str] = []
    page.on("response", lambda response: fetched.append(response.url))
    open_app(page, site)
    page.wait_for_selector("[data-engine=ready]")
    sizes = {}
    for url in fetched:
        path = url.removeprefix(site.address).partition("?")[0]
        file = built / (path.removeprefix("/") or "index.html")
        if path.startswith("/model") or file.suffix in (".wasm", ".mjs") or "worker-" in path or not file.is_file():
            continue
        packed = file.with_name(file.name + ".gz")
        sizes[path] = packed.stat().st_size if packed.exists() else len(gzip.compress(file.read_bytes()))
    total = sum(sizes.values())
    tell(f"first page: {total / 1024:.0f} KiB gzipped, {sizes}")
    assert any(path.endswith(".js") for path in sizes)
    assert total < FIRST_PAGE
