"""Sign up, keep a photo, export, erase; and what an account's device shows."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import expect
from real_app import DESKTOP, PASSWORD, Device, Photo, engine_ready, open_app, scan, sign_in, sign_up, until, violations

from web_site import Site


def test_sign_up_keep_export_erase(device: Device, site: Site, sure_photo: Photo, tmp_path: Path) -> None:
    page = device(viewport=DESKTOP)
    email = "ada@example.org"
    sign_up(page, site, email)

    page.get_by_role("link", name="Privacy").click()
    keep = page.get_by_role("switch", name="Keep my photos")
    expect(keep).not_to_be_checked()
    expect(page.get_by_role("switch", name="Let my photos improve the engine")).not_to_be_checked()
    with page.expect_response("**/api/me/consents"):
        keep.check()

    engine_ready(page, site)
    expect(page.get_by_text(re.compile("recognised on this device.*, then stored in your account"))).to_be_visible()
    with page.expect_response("**/api/photos") as kept:
        scan(page, sure_photo.path)
    assert kept.value.json()["scan"]["photo"]["kept"] is True
    expect(page.get_by_text("Your photo is kept in your account.")).to_be_visible()
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/photo?" in request.url else None)
    page.get_by_role("link", name="History").click()
    until(page, "document.querySelector('.scan-thumb img')?.naturalWidth > 0")
    assert fetched == [], "what is here is not fetched from the account"

    other = device()
    sign_in(other, site, email)
    other.get_by_role("link", name="History").click()
    expect(other.get_by_text("from another device")).to_be_visible()
    until(other, "document.querySelector('.scan-thumb img')?.naturalWidth > 0")
    other.locator(".scan-one").click()
    expect(other.locator("[data-answer=sure]")).to_have_attribute("data-species", sure_photo.species)
    until(other, "document.querySelector('.answer-photo img')?.naturalWidth > 0")
    expect(other.get_by_role("heading", name="What it feeds")).to_be_visible()
    expect(other.get_by_text("Recognised by the server. Your photo is kept in your account.")).to_be_visible()
    with other.expect_response("**/api/corrections") as corrected:
        other.get_by_role("button", name="Other candidates").click()
        other.locator("#candidates button").first.click()
    assert corrected.value.status == 201
    expect(other.get_by_text("I had said:")).to_be_visible()
    assert violations(other) == []
    other.reload()
    expect(other.locator("[data-answer=corrected]")).to_be_visible()

    page.get_by_role("link", name="Privacy").click()
    expect(page.get_by_text("Photos stored now: 1")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert email in json.dumps(json.loads(archive.read("data.json")))
    assert [name for name in archive.namelist() if name.startswith("photos/")]

    page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password").fill("wrong-password-1")
    dialog.get_by_role("button", name="Delete my account").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Without an account nothing is kept")).to_be_visible()
    open_app(page, site, "/account")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=re.compile(r"\w"))).to_be_visible()


def test_without_consent_only_the_answer_goes_to_the_account(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device()
    sign_up(page, site, "grace@example.org")
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    engine_ready(page, site)
    with page.expect_response("**/api/history") as told:
        scan(page, sure_photo.path)
    assert told.value.ok
    assert not [url for url in posted if url.endswith("/api/photos")]


def test_a_photo_taken_before_signing_in_stays_on_the_device(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device()
    engine_ready(page, site)
    expect(page.get_by_text("recognised on this device and stay here")).to_be_visible()
    scan(page, sure_photo.path)
    email = "early@example.org"
    owner = device()
    sign_up(owner, site, email)
    owner.get_by_role("link", name="Privacy").click()
    with owner.expect_response("**/api/me/consents"):
        owner.get_by_role("switch", name="Keep my photos").check()

    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    with page.expect_response("**/api/history") as told:
        sign_in(page, site, email)
    assert told.value.ok
    page.get_by_role("link", name="History").click()
    page.locator(".scan-one").click()
    expect(page.get_by_text("Your photo is on this device only.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert not [url for url in posted if url.endswith("/api/photos")]


def test_scans_are_deleted_in_the_account_too(
    device: Device, site: Site, sure_photo: Photo, unsure_photo: Photo
) -> None:
    page, email = device(), "tidy@example.org"
    sign_up(page, site, email)
    for photo in (sure_photo, unsure_photo):
        engine_ready(page, site)
        with page.expect_response("**/api/history"):
            scan(page, photo.path)
    page.get_by_role("button", name="Delete this scan").click()
    expect(page.locator(".scans li")).to_have_count(1)
    page.reload()
    expect(page.locator(".scans li")).to_have_count(1)
    expect(page.get_by_text("from another device")).to_have_count(0)

    other = device()
    sign_in(other, site, email)
    other.get_by_role("link", name="History").click()
    expect(other.get_by_text("from another device")).to_have_count(1)
    other.context.set_offline(True)
    other.get_by_role("button", name="Delete all").click()
    other.get_by_role("dialog").get_by_role("button", name="Delete all").click()
    expect(other.get_by_role("alert")).to_have_text("Nothing was deleted: there is no network.")
    other.context.set_offline(False)
    other.get_by_role("button", name=re.compile("^Delete: ")).click()
    assert violations(other) == []
    other.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(other.get_by_text("Nothing yet.")).to_be_visible()
    other.reload()
    expect(other.get_by_text("Nothing yet.")).to_be_visible()


def test_a_weak_password_is_said_beside_its_field(device: Device, site: Site) -> None:
    page = device(locale="fr-FR")
    open_app(page, site, "/account")
    page.get_by_role("button", name="Créer un compte").click()
    page.get_by_label("Adresse e-mail").fill("eve@example.org")
    page.get_by_label("Mot de passe").fill("password")
    page.get_by_label(re.compile("ai 15 ans ou plus")).check()
    page.get_by_label(re.compile("ai lu")).check()
    page.get_by_role("button", name="Créer un compte").click()
    field = page.get_by_label("Mot de passe")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("courant"))


def test_everything_on_the_device_is_exported_and_deleted(device: Device, site: Site, sure_photo: Photo) -> None:
    page = device()
    engine_ready(page, site)
    scan(page, sure_photo.path)
    page.get_by_role("link", name="Privacy").click()
    expect(page.get_by_text("1 scan with its photo")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download what is on this device").click()
    (only,) = json.loads(download.value.path().read_text())["scans"]
    assert only["recognition"]["species"] == sure_photo.species
    assert only["photo"].startswith("data:image/jpeg;base64,")
    page.get_by_role("button", name="Delete all on this device").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete all on this device").click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
