"""Passkeys: made, used, refused, removed; what a forged, old, foreign or copied one is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import requests
from authenticator import Authenticator, offered, with_passkey

from web_browser import PASSWORD, Browser
from web_site import Site

Someone = Callable[..., Browser]
OPTIONS = "/api/accounts/sign-in/passkey/options"
SIGN_IN = "/api/accounts/sign-in/passkey"
PRESENT = 0x01


def sign_in(browser: Browser, device: Authenticator) -> requests.Response:
    return browser.post(SIGN_IN, device.sign(browser.post(OPTIONS).json()["options"]))


def refused(answer: requests.Response, status: int = 401, code: str = "passkey-refused") -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_passkey_signs_in_without_a_password(site: Site, someone: Someone) -> None:
    user = someone()
    device = with_passkey(user)
    assert "passkey was added" in user.mails()[-1]
    browser = site.browser()
    answer = sign_in(browser, device)
    assert answer.status_code == 200 and answer.json()["user"]["email"] == user.email
    (passkey,) = browser.get("/api/accounts/passkeys").json()
    assert passkey["device"] == "Firefox, Linux" and passkey["used_at"] >= passkey["created_at"]
    assert "key" not in set(passkey)
    (session,) = (one for one in browser.get("/api/accounts/sessions").json() if one["current"])
    lasts = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert timedelta(days=29) < lasts < timedelta(days=31)


def test_options_ask_for_the_device_to_be_unlocked_and_name_no_account(site: Site, someone: Someone) -> None:
    user = someone()
    with_passkey(user)
    made = offered(user)
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert len(made["excludeCredentials"]) == 1 and made["rp"]["id"] == "localhost"
    options = site.browser().post(OPTIONS).json()["options"]
    assert options["userVerification"] == "required" and not options.get("allowCredentials")


def test_a_new_passkey_needs_the_password(someone: Someone) -> None:
    refused(someone().post("/api/accounts/passkeys/options", {"password": "guess"}), 401, "wrong-credentials")


def test_a_challenge_is_good_once_and_for_its_own_purpose(site: Site, someone: Someone) -> None:
    user = someone()
    device = with_passkey(user)
    refused(user.post("/api/accounts/passkeys", device.make(made := offered(user))), 400)  # the same again
    refused(user.post("/api/accounts/passkeys", Authenticator(user.address).make(made)), 410, "passkey-expired")
    browser = site.browser()
    signed = device.sign(browser.post(OPTIONS).json()["options"])
    refused(site.browser().post(SIGN_IN, signed), 410, "passkey-expired")
    assert browser.post(SIGN_IN, signed).status_code == 200
    refused(browser.post(SIGN_IN, signed), 410, "passkey-expired")
    made = offered(user)
    refused(user.post(SIGN_IN, device.sign(made)), 410, "passkey-expired")


def test_what_another_site_or_device_signed_is_refused(site: Site, someone: Someone) -> None:
    user, other = someone(), someone()
    device = with_passkey(user)
    stranger = Authenticator(user.address)
    stranger.party, stranger.user = device.party, device.user
    forged = Authenticator(user.address)
    forged.id, forged.party, forged.user = device.id, device.party, device.user
    for wrong in (stranger, forged):
        refused(sign_in(site.browser(), wrong))
    for name, value in {
        "origin": "http://localhost.example",
        "party": "example",
        "user": with_passkey(other).user,
        "flags": PRESENT,
    }.items():
        right = getattr(device, name)
        setattr(device, name, value)
        refused(sign_in(site.browser(), device))
        setattr(device, name, right)
    assert sign_in(site.browser(), device).status_code == 200


def test_a_device_that_was_not_unlocked_makes_no_passkey(someone: Someone) -> None:
    user = someone()
    device = Authenticator(user.address, flags=PRESENT)
    refused(user.post("/api/accounts/passkeys", device.make(offered(user))), 400)
    assert user.get("/api/accounts/passkeys").json() == []


def test_a_copied_passkey_is_noticed(site: Site, someone: Someone) -> None:
    user = someone()
    device = with_passkey(user)
    assert sign_in(site.browser(), device).status_code == 200
    device.counter -= 1
    refused(sign_in(site.browser(), device))
    shared = with_passkey(user, counting=False)
    assert [sign_in(site.browser(), shared).status_code for _ in range(2)] == [200, 200]


def test_a_passkey_given_up_does_not_shorten_the_session(site: Site, someone: Someone) -> None:
    user = someone()
    browser = site.browser()
    assert browser.post(OPTIONS).status_code == 200
    assert browser.sign_in(user.email).status_code == 200
    (session,) = (one for one in browser.get("/api/accounts/sessions").json() if one["current"])
    lasts = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lasts > timedelta(days=29)


def test_a_name_that_no_device_gives_is_refused(someone: Someone) -> None:
    user = someone()
    device = Authenticator(user.address)
    device.id = b"x" * 1024
    refused(user.post("/api/accounts/passkeys", device.make(offered(user))), 400)


def test_signing_in_ends_the_session_that_was(site: Site, someone: Someone) -> None:
    one, other = someone(), someone()
    device = with_passkey(other)
    assert sign_in(one, device).json()["user"]["email"] == other.email
    one.get("/api/session")
    assert len(other.get("/api/accounts/sessions").json()) == 2


def test_a_removed_passkey_opens_nothing(site: Site, someone: Someone) -> None:
    user = someone()
    device = with_passkey(user)
    (passkey,) = user.get("/api/accounts/passkeys").json()
    path = f"/api/accounts/passkeys/{passkey['id']}"
    assert [user.delete(path).status_code for _ in range(2)] == [204, 404]
    refused(sign_in(site.browser(), device))


def test_ten_passkeys_are_enough(someone: Someone) -> None:
    user = someone()
    for _ in range(10):
        with_passkey(user)
    refused(user.post("/api/accounts/passkeys/options", {"password": PASSWORD}), 409, "too-many-passkeys")


def test_refusals_are_counted(site: Site, someone: Someone) -> None:
    stranger = Authenticator(site.address)
    stranger.party = "localhost"
    browser = site.browser()
    codes = [sign_in(browser, stranger).status_code for _ in range(51)]
    assert codes == [401] * 50 + [429]
    site.forget_attempts()


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize("bytes_", ["", "AA", "gYGBgYGB", "e30", "bnVsbA", "A" * 65_536, "gYGB" * 16_384])
def test_noise_is_refused(site: Site, someone: Someone, part: str, bytes_: str) -> None:
    browser = site.browser()
    site.forget_attempts()
    device = Authenticator(site.address)
    device.party = "localhost"
    signed = device.sign(browser.post(OPTIONS).json()["options"])
    signed["response"][part] = bytes_
    assert browser.post(SIGN_IN, signed).status_code in (401, 422)


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
@pytest.mark.parametrize("bytes_", ["", "AA", "oWBg", "e30", "bnVsbA", "gYGB" * 16_384])
def test_noise_makes_no_passkey(browser: Browser, someone: Someone, part: str, bytes_: str) -> None:
    user = someone()
    made = Authenticator(user.address).make(offered(user))
    made["response"][part] = bytes_
    refused(user.post("/api/accounts/passkeys", made), 400)


def test_a_challenge_expires(django: None, site: Site, someone: Someone) -> None:
    """Its time is moved back in the session that holds it."""
    from fruits.web.accounts.sessions import SessionStore

    user = someone()
    device = with_passkey(user)
    browser = site.browser()
    options = browser.post(OPTIONS).json()["options"]
    store = SessionStore(next(cookie.value for cookie in browser.http.cookies if cookie.name == "session"))
    assert 0 < store.get_expiry_age() <= 300
    store["passkey"] = store["passkey"] | {"until": store["passkey"]["until"] - 301}
    store.save()
    refused(browser.post(SIGN_IN, device.sign(options)), 410, "passkey-expired")
