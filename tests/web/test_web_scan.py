"""Photo in, fruit out: the answer, the card, the correction; and what is remembered of it."""

from __future__ import annotations

import base64
import io
import json
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fruits.catalogue import Catalogue
from web_browser import Browser, drawn, encoded, phone_photo
from web_site import Site

Someone = Callable[..., Browser]


@pytest.fixture(scope="session")
def recogniser():
    import os

    from fruits.engine import Recogniser

    return Recogniser.load(os.environ.get("FRUITS_MODEL") or None)


def test_the_answer_is_the_engines(browser: Browser, recogniser) -> None:
    for seed in range(5):
        photo = phone_photo(seed=seed)
        answer = browser.scan(photo)
        assert answer.status_code == 200, answer.text
        said, expected = answer.json()["recognition"], recogniser.identify(photo)
        assert (said["species"], said["variety"], said["sure"]) == (expected.species, expected.variety, expected.sure)
        assert said["confidence"] == pytest.approx(expected.confidence, abs=1e-5)
        assert said["produce"] == pytest.approx(expected.produce, abs=1e-5)
        assert said["is_produce"] == expected.is_produce and said["model"] == expected.model
        pairs = [(one["species"], one["probability"]) for one in said["candidates"]]
        assert [name for name, _ in pairs] == [one.species for one in expected.candidates]
        card = answer.json()["card"]
        assert (card is not None) == expected.is_produce
        assert card is None or card["id"] == expected.species


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_format_by_content_and_not_by_name(browser: Browser, kind: str) -> None:
    answer = browser.scan(encoded(drawn(), kind), name="../../evil.exe")
    assert answer.status_code == 200, answer.text
    assert answer.json()["scan"] is None


def test_heic(browser: Browser) -> None:
    pytest.importorskip("pi_heif", reason="pi-heif is an extra")
    photo = Path(__file__).parents[1] / "vision" / "phone_upright.heic"
    assert browser.scan(photo.read_bytes()).status_code == 200
    assert "heic" in browser.get("/api/config").json()["upload"]["formats"]


def test_real_photos(browser: Browser, fruits_data: Path, recogniser) -> None:
    photos = sorted((fruits_data / "grocery-store" / "val").rglob("*.jpg"))[::40][:8]
    assert photos
    for path in photos:
        said = browser.scan(path.read_bytes()).json()["recognition"]
        assert said["species"] == recogniser.identify(path).species
        assert said["confidence"] == pytest.approx(recogniser.identify(path).confidence, abs=1e-5)


# --- corrections ---


def test_a_forgotten_photo_can_be_corrected(browser: Browser) -> None:
    token = browser.scan(phone_photo()).json()["correction"]["token"]
    answer = browser.post("/api/corrections", {"token": token, "species": "pear", "variety": "conference"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["species"], answer.json()["variety"]) == ("pear", "conference")
    again = browser.post("/api/corrections", {"token": token, "species": "apple"})
    assert again.json()["id"] == answer.json()["id"] and again.json()["species"] == "apple"


def test_a_token_is_signed(browser: Browser, someone: Someone) -> None:
    token = browser.scan(phone_photo()).json()["correction"]["token"]
    for bad in (token[:-1] + ("A" if token[-1] != "A" else "B"), "nonsense", token[3:], "a:b:c"):
        answer = browser.post("/api/corrections", {"token": bad, "species": "pear"})
        assert (answer.status_code, answer.json()["code"]) == (400, "token-invalid"), bad
    own = someone().scan(phone_photo()).json()["correction"]["token"]
    for other in (browser, someone()):
        assert other.post("/api/corrections", {"token": own, "species": "pear"}).json()["code"] == "token-invalid"


def test_a_token_expires(django: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from fruits.web.errors import ApiError
    from fruits.web.recognition import tokens

    answer = tokens.Answer(uuid.uuid4(), "fruits-2", "pear", 0.5)
    token, expires_at = tokens.make(answer, None)
    assert tokens.read(token, None) == answer
    assert abs(expires_at.timestamp() - time.time() - 7 * 86400) < 60
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 7 * 86400 + 5)
    with pytest.raises(ApiError) as caught:
        tokens.read(token, None)
    assert (caught.value.status, caught.value.code) == (410, "token-expired")


def test_only_species_of_the_catalogue(browser: Browser) -> None:
    token = browser.scan(phone_photo()).json()["correction"]["token"]
    for wish in ({"species": "unicorn"}, {"species": "apple", "variety": "conference"}):
        answer = browser.post("/api/corrections", {"token": token, **wish})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-species")
    nothing = browser.post("/api/corrections", {"species": "apple"})
    both = browser.post("/api/corrections", {"species": "apple", "token": token, "scan": str(uuid.uuid4())})
    assert nothing.status_code == both.status_code == 422


def test_an_on_device_scan_can_be_corrected_without_account(browser: Browser) -> None:
    device = {"model": "fruits-2", "species": "apple", "confidence": 0.4}
    assert browser.post("/api/corrections", {"species": "pear", "device": device}).status_code == 201


# --- history ---


def test_history_of_an_account(someone: Someone) -> None:
    user = someone()
    scans = [user.scan(phone_photo(seed=seed)).json()["scan"] for seed in range(5)]
    assert all(scan["photo"] is None for scan in scans)
    page = user.get("/api/history?limit=2").json()
    following = user.get(f"/api/history?limit=3&before={page['next']}").json()
    assert [one["id"] for one in page["items"] + following["items"]] == [one["id"] for one in reversed(scans)]
    assert following["next"] is None
    assert user.post("/api/corrections", {"scan": scans[0]["id"], "species": "fig"}).status_code == 201
    assert user.get(f"/api/history/{scans[0]['id']}").json()["correction"]["species"] == "fig"
    assert user.delete(f"/api/history/{scans[0]['id']}").status_code == 204
    assert user.get(f"/api/history/{scans[0]['id']}").status_code == 404
    assert user.delete("/api/history").status_code == 204
    assert user.get("/api/history").json() == {"items": [], "next": None}
    too_early = base64.urlsafe_b64encode(f"0001-01-01T00:00:00+14:00 {uuid.uuid4()}".encode()).decode().rstrip("=")
    for cursor in ("nonsense", too_early):
        assert user.get(f"/api/history?before={cursor}").status_code == 422


def test_scans_of_the_device_join_the_history_once(someone: Someone) -> None:
    user = someone()
    candidate = {"species": "apple", "variety": None, "probability": 0.9}
    recognition = {
        "species": "apple",
        "variety": None,
        "confidence": 0.9,
        "sure": True,
        "produce": 0.99,
        "is_produce": True,
        "candidates": [candidate],
        "model": "fruits-2",
    }
    scan = {"id": str(uuid.uuid4()), "scanned_at": "2026-01-02T03:04:05Z", "recognition": recognition}
    for _ in range(2):
        answer = user.post("/api/history", {"scans": [scan]})
        assert answer.status_code == 200, answer.text
    (item,) = user.get("/api/history").json()["items"]
    assert (item["id"], item["source"], item["recognition"]) == (scan["id"], "device", recognition)
    too_early = {**scan, "id": str(uuid.uuid4()), "scanned_at": "0001-01-01T00:00:00+14:00"}
    assert user.post("/api/history", {"scans": [too_early]}).json()["code"] == "invalid"
    unknown = {**scan, "id": str(uuid.uuid4()), "recognition": {**recognition, "species": "unicorn"}}
    assert user.post("/api/history", {"scans": [unknown]}).json()["code"] == "unknown-species"
    taken = someone().post("/api/history", {"scans": [scan]})
    assert taken.status_code == 404


# --- what is kept ---


def stored_files(site: Site) -> set[Path]:
    return {path for path in (site.home / "photos").rglob("*") if path.is_file()}


def test_a_photo_is_forgotten_unless_a_switch_is_on(site: Site, someone: Someone) -> None:
    before = stored_files(site)
    site.browser().scan(phone_photo())
    user = someone()
    assert user.scan(phone_photo()).json()["scan"]["photo"] is None
    assert user.scan(phone_photo(), keep="true").json()["code"] == "consent-needed"
    assert stored_files(site) == before
    user.turn(keep=True)
    assert user.scan(phone_photo(), keep="false").json()["scan"]["photo"] is None
    assert stored_files(site) == before


def test_a_kept_photo_says_nothing_but_pixels(site: Site, someone: Someone) -> None:
    before = stored_files(site)
    user = someone(keep=True)
    photo = user.scan(phone_photo(3000, 2000), name="IMG_SECRETNAME.jpg").json()["scan"]["photo"]
    assert (photo["kept"], photo["improve"], photo["width"]) == (True, False, 1600)
    (path,) = stored_files(site) - before
    data = path.read_bytes()
    for secret in (b"Exif", b"SERIAL", b"PHONEMODEL", b"OWNERNAME", b"SECRETNAME", b"USERCOMMENT", b"http", b"GPS"):
        assert secret not in data, secret
    assert "SECRET" not in str(path) and path.stat().st_mode & 0o077 == 0
    answer = user.get(photo["url"])
    assert answer.content == data and answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "filename=" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    thumb = user.get(photo["thumb_url"])
    assert 0 < len(thumb.content) < len(data)
    assert user.delete(photo["url"].split("?")[0]).status_code == 204
    assert not path.exists() and user.get(photo["url"]).status_code == 404


# --- the same photo sent again ---

TAKEN = "2026-01-02T03:04:05Z"


def events_of(user: Browser) -> list[dict]:
    archive = zipfile.ZipFile(io.BytesIO(user.get("/api/me/export").content))
    return json.loads(archive.read("data.json"))["events"]


def test_a_photo_sent_twice_is_stored_once(site: Site, someone: Someone) -> None:
    before, user, id_ = stored_files(site), someone(keep=True), str(uuid.uuid4())
    first = user.scan(phone_photo(), id=id_, scanned_at=TAKEN).json()
    again = user.scan(phone_photo(), id=id_, scanned_at="2026-02-02T00:00:00Z").json()
    assert (first["scan"]["id"], first["scan"]["scanned_at"]) == (id_, TAKEN)
    assert first["scan"]["photo"]["kept"] is True
    assert {**again, "correction": None} == {**first, "correction": None}
    assert len(stored_files(site) - before) == 1
    assert [one["id"] for one in user.get("/api/history").json()["items"]] == [id_]
    assert [one["kind"] for one in events_of(user)].count("scan") == 1
    token = again["correction"]["token"]
    assert user.post("/api/corrections", {"token": token, "species": "fig"}).status_code == 201
    assert user.get(f"/api/history/{id_}").json()["correction"]["species"] == "fig"


def test_a_photo_sent_twice_at_once_is_stored_once(site: Site, someone: Someone) -> None:
    before, user, id_ = stored_files(site), someone(keep=True), str(uuid.uuid4())
    user.known_token = user.token()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: user.scan(phone_photo(), id=id_), range(6)))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert {answer.json()["scan"]["photo"]["url"] for answer in answers} == {f"/api/history/{id_}/photo?size=full"}
    assert len(stored_files(site) - before) == 1


def test_a_deleted_photo_does_not_come_back(site: Site, someone: Someone) -> None:
    user, id_ = someone(keep=True), str(uuid.uuid4())
    user.scan(phone_photo(), id=id_)
    assert user.delete(f"/api/history/{id_}/photo").status_code == 204
    before = stored_files(site)
    assert user.scan(phone_photo(), id=id_).json()["scan"]["photo"] is None
    assert stored_files(site) == before


def test_a_scan_has_one_id_by_both_ways(someone: Someone) -> None:
    user, id_ = someone(), str(uuid.uuid4())
    made = user.scan(phone_photo(), id=id_, scanned_at=TAKEN).json()
    scan = {"id": id_, "scanned_at": TAKEN, "recognition": made["recognition"]}
    assert user.post("/api/history", {"scans": [scan]}).json()["items"] == [made["scan"]]


def test_anothers_id_is_not_taken(site: Site, someone: Someone) -> None:
    owner, other, id_ = someone(keep=True), someone(keep=True), str(uuid.uuid4())
    owner.scan(phone_photo(), id=id_)
    held, before = owner.get("/api/history").json(), stored_files(site)
    taken = other.scan(phone_photo(seed=1), id=id_)
    assert (taken.status_code, taken.json()["code"]) == (404, "not-found")
    assert owner.get("/api/history").json() == held and stored_files(site) == before
    assert other.get("/api/history").json()["items"] == []
    # Without an account nothing is kept, so there is nothing to find again.
    nobody = site.browser().scan(phone_photo(seed=1), id=id_)
    assert nobody.status_code == 200 and nobody.json()["scan"] is None
    token = nobody.json()["correction"]["token"]
    assert site.browser().post("/api/corrections", {"token": token, "species": "fig"}).status_code == 201
    assert owner.get("/api/history").json() == held


def test_an_id_does_not_lead_to_anothers_correction(someone: Someone) -> None:
    owner, other, id_ = someone(), someone(), str(uuid.uuid4())
    token = owner.scan(phone_photo(), id=id_).json()["correction"]["token"]
    assert owner.delete(f"/api/history/{id_}").status_code == 204
    said = owner.post("/api/corrections", {"token": token, "species": "fig"}).json()
    assert other.scan(phone_photo(), id=id_).status_code == 200
    taken = other.post("/api/corrections", {"scan": id_, "species": "pear"})
    assert (taken.status_code, taken.json()["code"]) == (404, "not-found")
    assert owner.post("/api/corrections", {"token": token, "species": "apple"}).json()["id"] == said["id"]


def test_a_photo_was_not_taken_tomorrow(someone: Someone) -> None:
    user = someone()
    scan = user.scan(phone_photo(), scanned_at="2999-01-01T00:00:00Z").json()["scan"]
    assert datetime.fromisoformat(scan["scanned_at"]) <= datetime.now(UTC)
    too_early = "0001-01-01T00:00:00+14:00"
    for wrong in ({"scanned_at": "2026-01-02T03:04:05"}, {"scanned_at": too_early}, {"id": "1"}):
        answer = user.scan(phone_photo(), **wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), wrong


# --- the catalogue over HTTP ---


def test_species(browser: Browser) -> None:
    catalogue = Catalogue.load()
    rows = browser.get("/api/species").json()
    assert [row["id"] for row in rows] == list(catalogue)
    pear = browser.get("/api/species/pear").json()
    assert pear["name"] == {"en": "pear", "fr": "poire"} and pear["sections"]["fr"] and pear["sources"]
    assert pear["reference"]["vitamin_c"] == {"value": 80.0, "unit": "mg"}
    assert browser.get("/api/species/unicorn").json()["code"] == "not-found"
    november = {row["id"] for row in browser.get("/api/species?month=11").json()}
    assert november == {id_ for id_, one in catalogue.items() if one.season and 11 in one.season.months}
    assert browser.get("/api/species?month=13").status_code == 422


def test_the_whole_catalogue_is_cached_under_its_version(browser: Browser) -> None:
    url = browser.get("/api/config").json()["catalogue_url"]
    answer = browser.get(url)
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Encoding"] == "gzip"
    assert set(answer.json()["species"]) == set(Catalogue.load())
    assert answer.json()["species"]["pear"] == browser.get("/api/species/pear").json()
    assert browser.get("/api/catalogue", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    plain = browser.get("/api/catalogue", headers={"Accept-Encoding": "identity"})
    assert plain.json() == answer.json() and "immutable" not in plain.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("poire", "pear"),
        ("POIR", "pear"),
        ("poirre", "pear"),
        ("peche", "peach"),
        ("appel", "apple"),
        ("aplpe", "apple"),
        ("granny", "apple"),
        ("granni smith", "apple"),
        ("anana", "pineapple"),
        ("Pyrus communis", "pear"),
        ("citrons", "lemon"),
    ],
)
def test_search_forgives(browser: Browser, query: str, expected: str) -> None:
    results = browser.get("/api/search", params={"q": query}).json()["results"]
    assert results[0]["id"] == expected, [(one["id"], one["score"]) for one in results]


def test_search_bounds(browser: Browser) -> None:
    assert browser.get("/api/search?q=").json()["results"] == []
    assert browser.get("/api/search?q=%20%2B").json()["results"] == []
    assert len(browser.get("/api/search?q=a&limit=3").json()["results"]) == 3
    assert browser.get("/api/search?q=a&limit=51").status_code == 422
    assert browser.get(f"/api/search?q={'a' * 101}").status_code == 422
