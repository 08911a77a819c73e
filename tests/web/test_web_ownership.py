"""Nobody reads, corrects, exports or erases what is another's: every operation of the OpenAPI document is tried."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from authenticator import with_passkey

from web_browser import PASSWORD, Browser, phone_photo
from web_site import Site

Someone = Callable[..., Browser]

PUBLIC = {
    ("post", "/api/photos"),
    ("post", "/api/corrections"),
    ("get", "/api/species"),
    ("get", "/api/species/{species}"),
    ("get", "/api/search"),
    ("get", "/api/catalogue"),
    ("get", "/api/config"),
    ("get", "/api/notice"),
    ("get", "/api/session"),
    ("post", "/api/accounts/sign-up"),
    ("post", "/api/accounts/verify"),
    ("post", "/api/accounts/verify/resend"),
    ("post", "/api/accounts/sign-in"),
    ("post", "/api/accounts/sign-in/passkey/options"),
    ("post", "/api/accounts/sign-in/passkey"),
    ("post", "/api/accounts/sign-out"),
    ("post", "/api/accounts/password-reset"),
    ("post", "/api/accounts/password-reset/confirm"),
}


def operations(browser: Browser) -> list[tuple[str, str, dict[str, Any]]]:
    paths = browser.get("/api/openapi.json").json()["paths"]
    return [(method, path, one) for path, methods in paths.items() for method, one in methods.items()]


def test_all_but_the_public_operations_need_a_session(browser: Browser) -> None:
    found = operations(browser)
    assert {(method, path) for method, path, one in found if not one.get("security")} == PUBLIC
    tried = 0
    for method, path, one in found:
        if one.get("security"):
            address = re.sub(r"\{\w+\}", str(uuid.uuid4()), path)
            answer = browser.send(method.upper(), address, {})
            assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in"), (method, path)
            tried += 1
    assert tried >= 14


def test_a_cannot_touch_what_is_bs(site: Site, someone: Someone) -> None:
    """A sends every operation that takes an id with B's ids, in the path, the query and the body."""
    a, b = someone(keep=True), someone(keep=True, improve=True)
    scan = b.scan(phone_photo(seed=7)).json()
    (session,) = b.get("/api/accounts/sessions").json()
    with_passkey(b)
    (passkey,) = b.get("/api/accounts/passkeys").json()
    ids = {"scan": scan["scan"]["id"], "session": session["id"], "passkey": passkey["id"]}
    token = scan["correction"]["token"]
    before = everything(b)
    tried = set()
    for method, path, one in operations(a):
        named = {p["name"] for p in one.get("parameters", []) if p["in"] == "path"}
        if named - {"species"}:
            assert named <= set(ids), f"{path} takes an id that this test does not know"
            address = path.format(**ids)
            answer = a.send(method.upper(), address, {} if "requestBody" in one else None)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), (method, path)
            tried.add(path)
    assert tried == {
        "/api/history/{scan}",
        "/api/history/{scan}/photo",
        "/api/accounts/sessions/{session}",
        "/api/accounts/passkeys/{passkey}",
    }
    bodies: list[dict[str, Any]] = [{"scan": ids["scan"]}, {"token": token}]
    for body in bodies:
        assert a.post("/api/corrections", {"species": "fig", **body}).status_code in (400, 404)
    assert a.post("/api/history", {"scans": [device_scan(ids["scan"])]}).status_code == 404
    assert a.scan(phone_photo(), id=ids["scan"]).status_code == 404
    # What has no id acts on A alone.
    secrets = (b.email, *ids.values(), token)
    for method, path, one in operations(a):
        if method == "get" and "{" not in path and one.get("security"):
            answer = a.get(path)
            assert answer.status_code == 200 and not any(s.encode() in answer.content for s in secrets), path
    assert a.delete("/api/history").status_code == 204
    a.send("PUT", "/api/me/consents", {"keep": False, "improve": False})
    assert a.delete("/api/me", {"password": PASSWORD}).status_code == 204
    assert everything(b) == before


def everything(user: Browser) -> str:
    names = ("/api/me", "/api/me/consents", "/api/history", "/api/accounts/sessions", "/api/accounts/passkeys")
    answers = {name: user.get(name).json() for name in names}
    photo = answers["/api/history"]["items"][0]["photo"]["url"]
    return json.dumps(answers) + user.get(photo).content.hex()


def device_scan(id_: str) -> dict[str, Any]:
    recognition = {
        "species": "fig",
        "variety": None,
        "confidence": 1.0,
        "sure": True,
        "produce": 1.0,
        "is_produce": True,
        "candidates": [],
        "model": "fruits-2",
    }
    return {"id": id_, "scanned_at": "2026-01-02T03:04:05Z", "recognition": recognition}
