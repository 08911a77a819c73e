"""A passkey made and used in a real browser, whose device is Chromium's own virtual authenticator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from real_app import DESKTOP, PASSWORD, PHONE, Device, open_app, sign_up, violations

from web_site import Site

Tell = Callable[..., Any]


def unlockable(page: Page) -> Tell:
    """Give the page a device with a sensor; returns what speaks to it."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    sensor = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    ready = {"isUserVerified": True, "automaticPresenceSimulation": True}
    id_ = line.send("WebAuthn.addVirtualAuthenticator", {"options": sensor | ready})["authenticatorId"]
    return lambda what, **more: line.send(f"WebAuthn.{what}", {"authenticatorId": id_, **more})


def passkey_door(page: Page, site: Site) -> None:
    open_app(page, site, "/account")
    page.get_by_role("button", name="Sign in with a passkey").click()


def test_sign_in_with_a_passkey(device: Device, site: Site) -> None:
    page = device(viewport=PHONE)
    tell = unlockable(page)
    email = "passkey@example.org"
    sign_up(page, site, email)
    section = page.locator("section", has=page.get_by_role("heading", name="Passkeys"))
    section.get_by_label("Current password").fill(PASSWORD)
    section.get_by_role("button", name="Add a passkey").click()
    expect(section.get_by_role("listitem")).to_have_count(1)
    expect(section.get_by_label("Current password")).to_have_value("")
    assert violations(page) == []
    (made,) = tell("getCredentials")["credentials"]
    assert made["rpId"] == "localhost" and made["isResidentCredential"]

    page.get_by_role("button", name="Sign out").click()
    passkey_door(page, site)
    expect(page.get_by_text(f"Signed in as {email}")).to_be_visible()
    expect(section.get_by_text("last used")).to_be_visible()

    section.get_by_role("button", name="Remove").click()
    expect(section.get_by_role("listitem")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    passkey_door(page, site)
    expect(page.get_by_role("alert").filter(has_text="does not open an account here")).to_be_visible()


def test_none_are_offered_at_an_ip_address(device: Device, site: Site) -> None:
    page = device()
    page.goto(site.address.replace("localhost", "127.0.0.1") + "/account")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert page.evaluate("isSecureContext")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_a_device_that_stays_locked_does_nothing(device: Device, site: Site) -> None:
    page = device(viewport=DESKTOP, locale="fr-FR")
    tell = unlockable(page)
    tell("setUserVerified", isUserVerified=False)
    open_app(page, site, "/account")
    page.get_by_role("button", name="Se connecter avec une clé").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("rien n.a été fait"))).to_be_visible()
