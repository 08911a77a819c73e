"""Accounts: opened, confirmed, entered, throttled; and never told of to a stranger."""

from __future__ import annotations

import re
import sqlite3
import time
import uuid
from collections.abc import Callable

import pytest
import requests

from web_browser import PASSWORD, Browser, fresh
from web_site import Site

Someone = Callable[..., Browser]


def test_sign_up_confirm_and_be_signed_in(browser: Browser) -> None:
    answer = browser.sign_up(language="fr")
    assert answer.status_code == 202 and browser.get("/api/session").json()["user"] is None
    assert "Confirmez" in browser.mails()[-1] and f"{browser.address}/verify?token=" in browser.mails()[-1]
    session = browser.post("/api/accounts/verify", {"token": browser.link_token()})
    assert session.status_code == 200
    user = session.json()["user"]
    assert (user["email"], user["language"], user["region"]) == (browser.email, "fr", "eu")
    assert user["consents"] == {"keep": False, "improve": False}
    assert browser.get("/api/me").json() == user
    assert browser.send("PATCH", "/api/me", {"language": "en"}).json()["language"] == "en"


def test_a_link_works_once(browser: Browser) -> None:
    browser.sign_up()
    token = browser.link_token()
    assert browser.post("/api/accounts/verify", {"token": token}).status_code == 200
    again = browser.post("/api/accounts/verify", {"token": token})
    assert (again.status_code, again.json()["code"]) == (400, "token-invalid")


def test_a_link_expires(django: None, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from fruits.web.accounts.tokens import user_of_link_token
    from fruits.web.errors import ApiError

    browser.sign_up()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 4 * 86400)
    with pytest.raises(ApiError) as caught:
        user_of_link_token(browser.link_token(), "verify", 3 * 86400)
    assert caught.value.status == 410


def test_another_browser_needs_the_password(site: Site, browser: Browser) -> None:
    browser.sign_up()
    other = site.browser()
    answer = other.post("/api/accounts/verify", {"token": browser.link_token()})
    assert (answer.status_code, answer.json()["code"]) == (400, "password-needed")
    wrong = other.post("/api/accounts/verify", {"token": browser.link_token(), "password": "not this one"})
    assert wrong.status_code == 401
    right = other.post("/api/accounts/verify", {"token": browser.link_token(), "password": PASSWORD})
    assert right.json()["user"]["email"] == browser.email


def test_nobody_can_have_a_stranger_confirm_an_account_with_his_own_password(site: Site) -> None:
    """An attacker signs up with the victim's address before, between and after the victim's own sign-up."""
    victim, attacker = site.browser(), site.browser()
    attacker.sign_up(email=(email := fresh()), password="the attacker's own")
    first = attacker.link_token(email)
    assert victim.post("/api/accounts/verify", {"token": first}).json()["code"] == "password-needed"
    victim.sign_up(email=email)
    second = victim.link_token(email)
    assert victim.post("/api/accounts/verify", {"token": first}).json()["code"] == "token-invalid"
    attacker.sign_up(email=email, password="the attacker's own")
    third = attacker.link_token(email)
    assert third != second
    assert victim.post("/api/accounts/verify", {"token": third}).json()["code"] == "password-needed"
    assert attacker.sign_in(email, "the attacker's own").json()["code"] == "email-unverified"


def test_signing_up_does_not_tell_whether_an_address_is_known(site: Site, someone: Someone) -> None:
    known = someone().email
    one, other = site.browser(), site.browser()
    new, old = one.sign_up(email=fresh()), other.sign_up(email=known, password="another password 9")
    assert (new.status_code, new.json()) == (old.status_code, old.json())
    shape = [[(c.name, len(c.value), c.path) for c in b.http.cookies if c.name == "signup"] for b in (one, other)]
    assert shape[0] == shape[1] and shape[0]
    assert "already" in other.mails(known)[-1] and "/reset?token=" in other.mails(known)[-1]
    assert site.browser().sign_in(known).status_code == 200  # the password is still the owner's


@pytest.mark.parametrize("path", ["/api/accounts/password-reset", "/api/accounts/verify/resend"])
def test_asking_for_a_mail_does_not_tell_either(site: Site, someone: Someone, path: str) -> None:
    known = someone().email
    answers = [site.browser().post(path, {"email": email}) for email in (known, fresh())]
    assert answers[0].status_code == answers[1].status_code == 202
    assert answers[0].json() == answers[1].json()


@pytest.mark.timed
def test_an_unknown_address_takes_as_long_as_a_wrong_password(site: Site, someone: Someone) -> None:
    known = someone().email
    browser = site.browser()

    def seconds(email: str) -> float:
        started = time.perf_counter()
        assert browser.sign_in(email, "wrong password").json()["code"] == "wrong-credentials"
        return time.perf_counter() - started

    seconds(known)
    pairs = [(seconds(known), seconds(fresh())) for _ in range(5)]
    least = [min(one[k] for one in pairs) for k in (0, 1)]
    assert 1 / 3 < least[0] / least[1] < 3


def test_sign_in_and_out(site: Site, someone: Someone) -> None:
    email = someone().email
    browser = site.browser(agent="Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0")
    before = browser.token()
    answer = browser.sign_in(email.upper())
    assert answer.status_code == 200 and answer.json()["user"]["email"] == email
    cookie = next(c for c in browser.http.cookies if c.name == "session")
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Lax"
    sessions = browser.get("/api/accounts/sessions").json()
    assert [(one["device"], one["current"]) for one in sessions] == [
        ("Firefox, Android", True),
        ("Firefox, Linux", False),
    ]
    stale = browser.http.post(site.address + "/api/accounts/sign-out", headers={"X-CSRFToken": before}, timeout=60)
    assert stale.json()["code"] == "csrf"  # the token of before does not hold after
    assert browser.post("/api/accounts/sign-out").json()["user"] is None
    assert browser.get("/api/me").status_code == 401


def test_the_session_is_rotated_at_sign_in(site: Site, someone: Someone) -> None:
    email = someone().email
    browser = site.browser()
    planted = "planted0000000000000000000000000"
    token = browser.token()
    cookies = "; ".join(f"{c.name}={c.value}" for c in browser.http.cookies)
    headers = {"X-CSRFToken": token, "Cookie": f"{cookies}; session={planted}"}
    wish = {"email": email, "password": PASSWORD}
    answer = requests.post(site.address + "/api/accounts/sign-in", json=wish, headers=headers, timeout=60)
    assert answer.status_code == 200 and planted not in answer.headers["Set-Cookie"]
    seen = set()
    for _ in range(2):
        browser.sign_in(email)
        seen |= {c.value for c in browser.http.cookies if c.name == "session"}
    assert len(seen) == 2


def test_ending_another_session(site: Site, someone: Someone) -> None:
    user = someone()
    other = site.browser()
    other.sign_in(user.email)
    (far,) = [one for one in user.get("/api/accounts/sessions").json() if not one["current"]]
    assert user.delete(f"/api/accounts/sessions/{far['id']}").status_code == 204
    assert other.get("/api/me").status_code == 401 and user.get("/api/me").status_code == 200


def test_password_reset(site: Site, someone: Someone) -> None:
    user = someone()
    browser = site.browser("fr")
    browser.post("/api/accounts/password-reset", {"email": user.email})
    token = browser.link_token(user.email)
    weak = browser.post("/api/accounts/password-reset/confirm", {"token": token, "password": "12345678"})
    assert weak.status_code == 422 and weak.json()["code"] == "password-weak"
    assert any("mot de passe" in sentence for sentence in weak.json()["fields"]["password"])
    wish = {"token": token, "password": "a new pear on a plate"}
    assert browser.post("/api/accounts/password-reset/confirm", wish).status_code == 200
    assert user.get("/api/me").status_code == 401  # every session has ended
    assert browser.post("/api/accounts/password-reset/confirm", wish).json()["code"] == "token-invalid"
    assert browser.sign_in(user.email).status_code == 401
    assert browser.sign_in(user.email, "a new pear on a plate").status_code == 200


def test_changing_the_password_ends_the_other_sessions(site: Site, someone: Someone) -> None:
    user = someone()
    other = site.browser()
    other.sign_in(user.email)
    wrong = user.post("/api/accounts/password", {"current": "not it", "new": "a new pear on a plate"})
    assert wrong.json()["code"] == "wrong-credentials"
    wish = {"current": PASSWORD, "new": "a new pear on a plate"}
    assert user.post("/api/accounts/password", wish).json()["user"]["email"] == user.email
    assert user.get("/api/me").status_code == 200 and other.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"of_age": False}, 422, "too-young"),
        ({"notice_version": "1789-07-14"}, 409, "notice-outdated"),
        ({"password": "short"}, 422, "password-weak"),
        ({"password": "password123"}, 422, "password-weak"),
        ({"password": "x" * 300}, 422, "password-weak"),
        ({"email": "not an address"}, 422, "invalid"),
        ({"language": "xx"}, 422, "invalid"),
        ({"admin": True}, 422, "invalid"),
    ],
)
def test_refused_sign_ups(browser: Browser, changes: dict[str, object], status: int, code: str) -> None:
    answer = browser.sign_up(**changes)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_password_like_the_address_is_refused(browser: Browser) -> None:
    assert browser.sign_up(email="pearlover@example.org", password="pearlover1").json()["code"] == "password-weak"


def test_guessing_is_throttled_per_account_known_or_not(site: Site, someone: Someone) -> None:
    for email in (someone().email, fresh()):
        browser = site.browser("fr")
        codes = [browser.sign_in(email, f"guess number {n}").json()["code"] for n in range(11)]
        assert codes == ["wrong-credentials"] * 10 + ["throttled"]
        answer = browser.sign_in(email)  # even with the right password
        assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 900
        assert answer.json()["retry_after"] == int(answer.headers["Retry-After"])
        assert "attendez" in answer.json()["message"]
        assert email not in str(
            sqlite3.connect(site.home / "fruits.sqlite3").execute("SELECT * FROM accounts_attempt").fetchall()
        )
    site.forget_attempts()


def test_guessing_is_throttled_per_address(django: None, site: Site) -> None:
    from fruits.web.accounts import throttling

    site.forget_attempts()
    key = throttling._key(throttling.SIGN_IN_ADDRESS, "127.0.0.1")
    for _ in range(47):
        throttling.count(key)
    browser = site.browser()
    codes = [browser.sign_in(fresh(), "guess").json()["code"] for _ in range(4)]
    assert codes == ["wrong-credentials"] * 3 + ["throttled"]
    site.forget_attempts()


def test_a_stranger_at_the_door_does_not_lock_the_owner_in(site: Site, someone: Someone) -> None:
    owner = someone()
    stranger = site.browser()
    answers = [stranger.sign_in(owner.email, "guess") for _ in range(11)]
    assert answers[-1].status_code == 429
    change = {"current": PASSWORD, "new": "another password 9"}
    assert owner.post("/api/accounts/password", change).status_code == 200
    guesses = [owner.post("/api/accounts/password", change).status_code for _ in range(11)]
    assert guesses == [401] * 10 + [429]
    site.forget_attempts()


@pytest.mark.parametrize("email", ["a,b@example.org", "a b@example.org", "a@b", "<a@example.org>", "a@example.o:rg"])
def test_what_is_no_address_is_refused(browser: Browser, email: str) -> None:
    assert browser.sign_up(email=email).status_code == 422


def test_mails_are_throttled_without_a_word(site: Site, someone: Someone) -> None:
    site.forget_attempts()
    user = someone()
    before = len(user.mails())
    answers = [site.browser().post("/api/accounts/password-reset", {"email": user.email}) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {202}
    assert len(user.mails()) - before == 4  # five an hour, the confirmation among them
    site.forget_attempts()


# --- CSRF ---


def test_every_changing_operation_needs_the_token(site: Site, someone: Someone) -> None:
    user = someone()
    document = user.get("/api/openapi.json").json()
    checked = 0
    for path, operations in document["paths"].items():
        for method in set(operations) & {"post", "put", "patch", "delete"}:
            address = site.address + re.sub(r"\{\w+\}", str(uuid.uuid4()), path)
            for headers in (
                {},
                {"X-CSRFToken": "x" * 64},
                {"X-CSRFToken": user.token(), "Origin": "https://evil.example"},
            ):
                answer = user.http.request(method, address, json={}, headers=headers, timeout=60)
                assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), (method, path, headers)
            checked += 1
    assert checked >= 16
