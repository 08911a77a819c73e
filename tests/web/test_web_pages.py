"""What the server serves beside the API: the page, its files, the model, health, metrics; and headers on all."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
import requests

from web_browser import Browser, phone_photo
from web_site import Site

PATHS = [
    "/",
    "/explore",
    "/api/config",
    "/api/nowhere",
    "/assets/index-B8d2x9Qa.js",
    "/nowhere.png",
    "/sw.js",
    "/api/docs",
]


@pytest.mark.parametrize("path", PATHS)
def test_security_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'" and policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "server" not in {name.lower() for name in headers}


@pytest.mark.parametrize("path", ["/", "/explore", "/species/pear", "/verify?token=abc", "/reset", "/a/b/c"])
def test_the_page_answers_every_address_of_the_application(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200 and "Fruits!" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html") and answer.headers["Cache-Control"] == "no-cache"
    assert not answer.cookies


def test_unknown_files_are_not_the_page(browser: Browser) -> None:
    for path in ("/nowhere.png", "/assets/gone-B8d2x9Qa.js", "/static/nothing.css", "/model/x/y.onnx", "/.env"):
        assert browser.get(path).status_code == 404, path
    assert browser.get("/../../etc/passwd").status_code in (200, 404)  # the client itself resolves the dots
    raw = requests.Request("GET", browser.address).prepare()
    raw.url = f"{browser.address}/assets/..%2f..%2f..%2f..%2fetc/passwd"
    assert b"root:" not in browser.http.send(raw, timeout=60).content


def test_hashed_files_are_cached_for_ever_and_the_worker_is_not(browser: Browser) -> None:
    script = browser.get("/assets/index-B8d2x9Qa.js")
    assert "immutable" in script.headers["Cache-Control"] and "javascript" in script.headers["Content-Type"]
    assert browser.get("/assets/ort-C0ffee12.wasm").headers["Content-Type"] == "application/wasm"
    for path in ("/sw.js", "/manifest.webmanifest"):
        assert re.search(r"max-age=0\b", browser.get(path).headers["Cache-Control"]), path
    assert browser.get("/manifest.webmanifest").headers["Content-Type"].startswith("application/manifest+json")
    for path in ("/sw.js", "/assets/index-B8d2x9Qa.js"):
        assert "Access-Control-Allow-Origin" not in browser.get(path).headers


def test_the_model_lies_under_the_hash_of_what_it_is(browser: Browser) -> None:
    said = browser.get("/api/config").json()["model"]
    model = browser.get(said["url"])
    assert hashlib.sha256(model.content).hexdigest() == said["sha256"] and len(model.content) == said["bytes"]
    assert int(model.headers["Content-Length"]) == said["bytes"]
    assert model.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    card = browser.get(said["card_url"]).json()
    assert card["name"] == said["name"] and card["sha256"] == said["sha256"] and card["thresholds"]
    assert browser.get(said["url"].replace(said["url"].split("/")[2], "0" * 16)).status_code == 404


def test_health_and_readiness(browser: Browser) -> None:
    assert browser.get("/healthz").json() == {"status": "ok"}
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "checks": {"database": True, "storage": True, "model": True}}


def test_metrics_count_and_name_nobody(browser: Browser) -> None:
    def counted() -> float:
        text = browser.get("/metrics").text
        return sum(float(x) for x in re.findall(r'fruits_recognitions_total\{outcome="[a-z-]+"\} (\S+)', text))

    before = counted()
    browser.scan(phone_photo())
    browser.scan(b"not a photo")
    text = browser.get("/metrics").text
    assert counted() == before + 1
    assert 'fruits_photos_refused_total{reason="not-an-image"}' in text
    assert 'route="api/photos"' in text and 'stage="identify"' in text
    joined = browser.join()
    browser.get("/api/history/0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a")
    text = browser.get("/metrics").text
    assert joined.email not in text and "0a0a0a0a" not in text


def test_metrics_are_not_for_everybody(browser: Browser) -> None:
    assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_other_hosts_are_refused(site: Site) -> None:
    answer = requests.get(site.address + "/api/session", headers={"Host": "evil.example"}, timeout=60)
    assert answer.status_code == 400 and answer.json()["code"] == "bad-request"


def test_errors_have_one_shape(site: Site) -> None:
    french = site.browser("fr")
    for answer, code in (
        (french.get("/api/nowhere"), "not-found"),
        (french.get("/api/photos"), "method"),
        (french.post("/api/photos", data=b"x", headers={"Content-Type": "text/plain"}), "no-photo"),
        (french.get("/api/me"), "not-signed-in"),
    ):
        assert answer.json()["code"] == code and set(answer.json()) <= {"code", "message", "fields", "limit"}
        assert answer.headers["Cache-Control"] == "no-store"
    invalid = french.post("/api/accounts/sign-in", data=b"{", headers={"Content-Type": "application/json"})
    assert invalid.status_code in (400, 422) and invalid.json()["message"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr", "fr"), ("fr-CA,en;q=0.5", "fr"), ("en,fr;q=0.9", "en"), ("de,fr;q=0.3", "fr"), ("de", "en"), ("", "en")],
)
def test_the_language_of_the_browser(site: Site, accepted: str, language: str) -> None:
    browser = site.browser(accepted)
    assert browser.get("/api/session").json()["language"] == language
    from fruits.web.gate import preferred_language

    assert preferred_language(accepted) == language


def test_the_documentation_is_served_from_here(browser: Browser) -> None:
    page = browser.get("/api/docs")
    assert page.status_code == 200
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith("/") and browser.get(address).status_code == 200, address
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text)
    document = browser.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.") and len(json.dumps(document)) > 10_000
