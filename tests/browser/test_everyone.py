"""Keyboard only, screen readers (axe), light and dark, 320 to 2,000 pixels, a light first page."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Page, Response, expect
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
# Bytes.
FIRST_PAGE = 200_000


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
    # Said to Chromium well before the key: the two go separate ways, and on a busy machine the key was first.
    with page.expect_file_chooser() as chooser:
        tab_to(page, "Choose a photo")
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


def gzipped(answer: Response) -> int:
    """Bytes of an answer, as it comes over the wire, or as it would come gzipped where the browser took Brotli."""
    if answer.header_value("content-encoding") == "br":
        body = answer.body()
        assert body, answer.url
        return len(gzip.compress(body))
    return answer.request.sizes()["responseBodySize"]


def test_the_first_page_is_light(device: Device, site: Site) -> None:
    """All that a browser fetches before the engine, the API's answers included."""
    page = device()
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.context.on("response", note)
    open_app(page, site)
    page.wait_for_selector("[data-engine=ready]")
    page.wait_for_selector(".scan-day")
    page.wait_for_load_state("networkidle")
    began = sorted(answers, key=lambda answer: answer.request.timing["startTime"])
    paths = [answer.url.removeprefix(site.address) for answer in began]
    engine = next(number for number, path in enumerate(paths) if path.startswith("/assets/worker-"))
    sizes = [(path, gzipped(answer)) for path, answer in zip(paths[:engine], began[:engine], strict=True)]
    total = sum(size for _, size in sizes)
    tell(f"first page: {total / 1000:.0f} kB gzipped, {sizes}; then {paths[engine:]}")
    assert {"/", "/api/session", "/api/config"} <= set(paths[:engine])
    assert any(path.startswith("/api/catalogue") for path in paths[engine:])
    assert total < FIRST_PAGE
