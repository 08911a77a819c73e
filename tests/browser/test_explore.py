"""Search in both languages, the season, the card."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from real_app import DESKTOP, Device, open_app

from web_site import Site

TODAY = "Aujourd\N{RIGHT SINGLE QUOTATION MARK}hui, 21 novembre : de saison."


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("poire", "Poire"),
        ("pear", "Poire"),
        ("poirre", "Poire"),
        ("noix de pecan", "Noix de pécan"),
        ("granny", "Pomme"),
    ],
)
def test_search_in_french(device: Device, site: Site, typed: str, found: str) -> None:
    page = device(locale="fr-FR", viewport=DESKTOP)
    open_app(page, site, "/explore")
    page.get_by_role("searchbox", name="Chercher").fill(typed)
    expect(page.locator(".cuts li a").first).to_contain_text(found)
    expect(page.get_by_text("trouvé")).to_be_visible()


def test_nothing_by_that_name(device: Device, site: Site) -> None:
    page = device()
    open_app(page, site, "/explore")
    page.get_by_role("searchbox").fill("bicycle")
    expect(page.get_by_text("Nothing by that name.")).to_be_visible()


def test_in_season_now(device: Device, site: Site) -> None:
    page = device()
    page.clock.set_fixed_time("2026-06-15T12:00:00")
    open_app(page, site, "/explore")
    expect(page.get_by_text("In season in June")).to_be_visible()
    shown = page.locator(".cuts-name").all_inner_texts()
    assert "Cherry" in shown
    assert "Kiwifruit" not in shown


def test_the_card(device: Device, site: Site) -> None:
    page = device(locale="fr-FR")
    page.clock.set_fixed_time("2026-11-21T12:00:00")
    open_app(page, site, "/species/pear")
    expect(page).to_have_title("Poire · Fruits!")
    ring = page.get_by_role("img", name="août à mars")
    expect(ring).to_have_accessible_name(
        "De saison en France : août à mars. Aujourd\N{RIGHT SINGLE QUOTATION MARK}hui, 21 novembre : de saison."
    )
    fibre = page.get_by_role("row", name="fibres")
    expect(fibre).to_contain_text("3,1 g")
    page.get_by_label("par pièce").check(force=True)
    expect(fibre).to_contain_text("4,7 g")
    expect(page.get_by_text("une petite poire Williams, 152 g")).to_be_visible()
    expect(page.get_by_text("La chair cède sous une légère pression.")).to_be_visible()
    expect(page.get_by_role("link", name="Coing")).to_have_attribute("href", "/species/quince")
    page.get_by_role("link", name="Coing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("coing")


def test_the_language_is_switched_and_kept(device: Device, site: Site) -> None:
    page = device(locale="fr-FR")
    open_app(page, site, "/species/pear")
    page.get_by_role("button", name="In English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("pear")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("pear")


def test_a_page_that_is_not_there(device: Device, site: Site) -> None:
    page = device()
    open_app(page, site, "/species/bicycle")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing grows here")
