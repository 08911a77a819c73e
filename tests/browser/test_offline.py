"""After the first visit the app needs neither network nor server."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from real_app import Device, Photo, engine_ready, scan, until

from web_site import serving

KEPT = """async () => {
  const cache = await caches.open("fruits-data");
  return (await cache.match("/api/catalogue")) && (await cache.match("/api/config")) && true;
}"""


def test_scan_card_and_history_without_a_server(
    built: Path, device: Device, tmp_path: Path, sure_photo: Photo, unsure_photo: Photo
) -> None:
    page = device()
    with serving(tmp_path / "home") as site:
        engine_ready(page, site)
        until(page, "navigator.serviceWorker.controller !== null")
        # The second visit finds the service worker in charge: configuration and catalogue pass through it.
        page.reload()
        page.wait_for_selector("[data-engine=ready]")
        until(page, f"({KEPT})()")
        scan(page, sure_photo.path)
    # The server is dead now, and the browser is told so.
    page.context.set_offline(True)
    page.goto(site.address)
    expect(page.get_by_text("No network: the app still works.")).to_be_visible()
    page.wait_for_selector("[data-engine=ready]")
    scan(page, unsure_photo.path)
    expect(page.locator("[data-answer=unsure]")).to_have_attribute("data-species", unsure_photo.answer.species)
    page.goto(f"{site.address}/species/pear")
    expect(page.get_by_role("heading", name="What it feeds")).to_be_visible()
    page.goto(f"{site.address}/history")
    expect(page.locator(".scans li")).to_have_count(2)
    images = page.locator(".scan-thumb img")
    expect(images).to_have_count(2)
    until(page, "[...document.querySelectorAll('.scan-thumb img')].every(one => one.naturalWidth > 0)")
    page.goto(f"{site.address}/explore")
    page.get_by_role("searchbox").fill("poire")
    expect(page.locator(".cuts li a").first).to_contain_text("Pear")


def test_it_can_be_installed(device: Device, tmp_path: Path, built: Path) -> None:
    page = device()
    with serving(tmp_path / "home") as site:
        engine_ready(page, site)
        session = page.context.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
            [],
            [{"errorId": "in-incognito", "errorArguments": []}],
        )
