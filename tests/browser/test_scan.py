"""Photo in, fruit out: by file, drop, paste and camera; sure, not sure, no fruit; corrected."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, Route, expect
from real_app import DESKTOP, FLAGS, PHONE, REPOSITORY, Device, Photo, engine_ready, open_app, scan, until

from fruits.catalogue import Catalogue
from web_site import Site, serving

CATALOGUE = Catalogue.load()


def name_of(species: str, language: str = "en") -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(CATALOGUE[species].name[language])}\s*$", re.IGNORECASE)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_photo_is_recognised_on_the_device(device: Device, site: Site, sure_photo: Photo, viewport: dict) -> None:
    page = device(viewport=viewport)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    engine_ready(page, site)
    scan(page, sure_photo.path)
    expect(page.get_by_role("heading", level=1)).to_have_text(name_of(sure_photo.species))
    expect(page.get_by_text(re.compile(r"\d+ % sure")).first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=re.compile("^It is .*% sure"))).to_have_count(1)
    for part in ("What it feeds", "Sources"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    assert sent == [], "a photo recognised on the device stays there"


def test_two_names_when_it_is_not_sure(device: Device, site: Site, unsure_photo: Photo) -> None:
    page = device()
    engine_ready(page, site)
    scan(page, unsure_photo.path)
    first, second = (candidate.species for candidate in unsure_photo.answer.candidates[:2])
    names = [CATALOGUE[species].name.en for species in (first, second)]
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Perhaps {names[0]}, or {names[1]}.")
    page.get_by_role("button", name=re.compile(rf"^or\s*{names[1]}", re.IGNORECASE)).click()
    expect(page.locator("[data-answer=corrected]")).to_have_attribute("data-species", second)


def test_no_fruit_is_said(device: Device, site: Site, no_fruit: Photo) -> None:
    page = device(locale="fr-FR")
    engine_ready(page, site)
    scan(page, no_fruit.path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Je ne vois pas de fruit")
    expect(page.get_by_role("button", name="Il y a un fruit")).to_be_visible()


def test_candidates_and_correction(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device()
    engine_ready(page, site)
    scan(page, sure_photo.path)
    toggle = page.get_by_role("button", name="Other candidates")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.click()
    expect(page.locator("#candidates li")).to_have_count(len(sure_photo.answer.candidates) - 1)
    with page.expect_response("**/api/corrections") as told:
        page.get_by_role("button", name="No, it is").click()
        page.get_by_role("dialog").get_by_role("searchbox").fill("pomelo")
        page.get_by_role("dialog").get_by_role("button", name="Pomelo").first.click()
    assert told.value.status == 201
    expect(page.locator("[data-answer=corrected]")).to_have_attribute("data-species", "pomelo")
    expect(page.get_by_text(f"I had said: {CATALOGUE[sure_photo.species].name.en}")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(name_of("pomelo"))


def test_the_server_answers_when_it_is_preferred(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device()
    open_app(page, site, "/privacy")
    page.get_by_label("By the server").check()
    page.get_by_role("link", name="Scan").click()
    with page.expect_response("**/api/photos") as answered:
        scan(page, sure_photo.path)
    assert answered.value.status == 200
    expect(page.get_by_role("heading", level=1)).to_have_text(name_of(answered.value.json()["recognition"]["species"]))
    expect(page.get_by_text("Recognised by the server")).to_be_visible()


def test_a_file_that_the_browser_cannot_open_goes_to_the_server(device: Device, site: Site) -> None:
    pytest.importorskip("pi_heif", reason="pi-heif is an extra")
    page = device()
    engine_ready(page, site)
    expect(page.get_by_text("the server sees only files that this browser cannot open")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/photos", hold)
    page.locator("input[type=file]").last.set_input_files(REPOSITORY / "tests" / "vision" / "phone_upright.heic")
    going = page.get_by_text("This browser cannot open the file: the server is looking at it.")
    expect(going.first).to_be_visible()
    held[0].continue_()
    page.wait_for_selector("[data-answer]")
    expect(page.get_by_text("Recognised by the server. No copy of your photo was kept.")).to_be_visible()


def test_a_file_that_is_no_photo(device: Device, site: Site, tmp_path: Path) -> None:
    wrong = tmp_path / "photo.jpg"
    wrong.write_bytes(b"<html>no photo</html>")
    page = device(locale="fr-FR")
    engine_ready(page, site)
    page.locator("input[type=file]").last.set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"\w{4}"))
    expect(page.get_by_role("button", name="Prendre une photo")).to_be_enabled()


GIVE = """([bytes, kind]) => {
  const raw = Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([raw], "photo.jpg", { type: "image/jpeg" }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  document.querySelector(".scan-stage").dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_dropped_and_pasted(device: Device, site: Site, sure_photo: Photo, kind: str) -> None:
    page = device(viewport=DESKTOP)
    engine_ready(page, site)
    page.evaluate(GIVE, [base64.b64encode(sure_photo.path.read_bytes()).decode(), kind])
    expect(page.locator("[data-answer=sure]")).to_have_attribute("data-species", sure_photo.species)


def test_the_camera(playwright: Playwright, chromium_path: str, site: Site, sure_photo: Photo, tmp_path: Path) -> None:
    film = tmp_path / "camera.mjpeg"
    film.write_bytes(sure_photo.path.read_bytes() * 5)
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags = [*FLAGS, *fake, f"--use-file-for-fake-video-capture={film}"]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
    try:
        page = browser.new_context(viewport=PHONE, permissions=["camera"]).new_page()
        engine_ready(page, site)
        page.get_by_role("button", name="Take a photo").click()
        until(page, "document.querySelector('video').videoWidth > 0")
        page.get_by_role("button", name="Take the photo").click()
        page.wait_for_selector("[data-answer]")
        assert page.get_attribute("[data-answer]", "data-species") == sure_photo.species
    finally:
        browser.close()


def test_without_a_secure_context_a_phone_opens_its_own_camera(
    playwright: Playwright, chromium_path: str, built: Path, sure_photo: Photo, tmp_path: Path
) -> None:
    flags = [*FLAGS, "--host-resolver-rules=MAP fruits.localdomain 127.0.0.1"]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
    try:
        with serving(tmp_path / "home", FRUITS_HOSTS="fruits.localdomain,localhost") as site:
            page = browser.new_context(viewport=PHONE, locale="en-GB").new_page()
            page.goto(site.address.replace("localhost", "fruits.localdomain"))
            assert page.evaluate("isSecureContext") is False
            page.wait_for_selector("[data-engine=ready]")
            taker = page.locator("input[capture=environment]")
            expect(taker).to_have_count(1)
            taker.set_input_files(sure_photo.path)
            page.wait_for_selector("[data-answer=sure]")
            assert page.get_attribute("[data-answer]", "data-species") == sure_photo.species
    finally:
        browser.close()
