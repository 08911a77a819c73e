"""The promises: export, erasure, retention, consents, the log and the outbox; each shown on the data themselves."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from authenticator import with_passkey

from web_browser import PASSWORD, Browser, phone_photo
from web_site import Site

Someone = Callable[..., Browser]


def unzip(browser: Browser) -> tuple[dict[str, Any], dict[str, bytes]]:
    answer = browser.get("/api/me/export")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(files["data.json"])
    schema = json.loads(files["schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(data)
    return data, files


def busy_life(user: Browser) -> dict[str, Any]:
    """A user with something in every table."""
    scan = user.scan(phone_photo(seed=len(user.email))).json()
    user.post("/api/corrections", {"token": scan["correction"]["token"], "species": "quince"})
    user.sign_in(user.email, "a wrong password")
    with_passkey(user)
    return dict(scan["scan"])


# --- export ---


def test_a_row_of_every_table_is_exported_and_nobody_elses(django: None, someone: Someone) -> None:
    from fruits.web.privacy.export import EXPORTED

    one, other = someone(keep=True, improve=True), someone(keep=True)
    scans = {user.email: busy_life(user) for user in (one, other)}
    for user, stranger in ((one, other), (other, one)):
        data, files = unzip(user)
        text = json.dumps(data)
        assert data["account"]["email"] == user.email
        for name, _ in EXPORTED.values():
            assert data[name], name
        assert scans[user.email]["id"] in text and scans[stranger.email]["id"] not in text
        assert stranger.email not in text and unzip(stranger)[0]["pseudonym"] not in text
        (photo,) = data["photos"]
        assert files[photo["file"]][:3] == b"\xff\xd8\xff" and len(files[photo["file"]]) == photo["bytes"]
        assert len(files) == 3
        assert {row["kind"] for row in data["events"]} == {"sign-in", "scan", "correction"}
        assert {row["action"] for row in data["audit"]} >= {"sign-up", "sign-in", "consent", "scan", "correction"}


def test_every_table_is_exported_or_said_not_to_be_personal(django: None) -> None:
    from django.apps import apps

    from fruits.web.privacy.export import EXPORTED, NOT_PERSONAL

    tables = {model._meta.label for model in apps.get_models(include_auto_created=False)}
    assert tables == set(EXPORTED) | set(NOT_PERSONAL) and not set(EXPORTED) & set(NOT_PERSONAL)


# --- erasure ---


def traces(site: Site, words: list[str]) -> list[tuple[str, str]]:
    """Where any of ``words`` stands in any byte of any file that the server keeps, the database's among them."""
    found = []
    for path in sorted(site.home.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [(str(path), word) for word in words if word.encode() in content]
    return found


def test_erasure_leaves_nothing(django: None, site: Site, someone: Someone) -> None:
    from fruits.web.accounts.models import User

    stayer = someone(keep=True)
    busy_life(stayer)
    leaver = someone(keep=True, improve=True)
    scan = busy_life(leaver)
    data, _ = unzip(leaver)
    row = User.objects.get(email=leaver.email)
    session = next(c.value for c in leaver.http.cookies if c.name == "session")
    words = [leaver.email, leaver.email.split("@")[0], row.pk.hex, str(row.pk), session, row.password]
    words += [one[name] for one in data["passkeys"] for name in ("credential", "id")]
    words += [uuid.UUID(scan["id"]).hex, uuid.UUID(data["photos"][0]["id"]).hex]
    files = photo_files(site)
    assert traces(site, words)
    wrong = leaver.delete("/api/me", {"password": "not this one"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-credentials")
    assert leaver.delete("/api/me", {"password": PASSWORD}).status_code == 204
    assert traces(site, words) == []
    assert len(files - photo_files(site)) == 1
    assert leaver.get("/api/me").status_code == 401
    assert site.browser().sign_in(leaver.email).status_code == 401
    assert unzip(stayer)[0]["photos"]


def test_erasures_are_repeated_after_a_restore(
    django: None, someone: Someone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a restore, the account is there and only the log, kept elsewhere, knows that it was erased."""
    from django.core.management import call_command

    from fruits.web.accounts.models import User

    stayer, leaver = someone(), someone()
    name = unzip(leaver)[0]["pseudonym"]
    log = ["no JSON", "[1]", json.dumps({"actor": name, "action": "export"})]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(log)))
    call_command("erase_again")
    assert User.objects.filter(email=leaver.email).exists()
    log.append(json.dumps({"actor": name, "action": "erase", "reason": "asked"}))
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(log)))
    call_command("erase_again")
    assert not User.objects.filter(email=leaver.email).exists() and User.objects.filter(email=stayer.email).exists()
    assert "1 erasures in the log, 1 accounts erased again" in capsys.readouterr().out


def test_exports_are_rare(someone: Someone) -> None:
    user = someone()
    codes = [user.get("/api/me/export").status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


def test_the_log_cannot_be_led_back_to_an_erased_account(django: None, site: Site, someone: Someone) -> None:
    from fruits.web.privacy.models import AuditEntry, Event

    leaver = someone()
    name = unzip(leaver)[0]["pseudonym"]
    leaver.delete("/api/me", {"password": PASSWORD})
    assert AuditEntry.objects.filter(actor=name, action="erase").count() == 1
    assert [one.payload for one in Event.objects.filter(subject=name, kind="erasure")] == [{"region": "eu"}]
    for entry in AuditEntry.objects.filter(actor=name):
        assert leaver.email not in json.dumps(entry.detail)
    again = site.browser()
    again.sign_up(email=leaver.email)
    again.post("/api/accounts/verify", {"token": again.link_token()})
    assert unzip(again)[0]["pseudonym"] != name


def photo_files(site: Site) -> set[Path]:
    return {path for path in (site.home / "photos").rglob("*") if path.is_file()}


def test_a_file_that_the_storage_does_not_let_go_is_tried_again(
    django: None, site: Site, someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.files.storage import FileSystemStorage

    from fruits.web.accounts.models import User
    from fruits.web.privacy.erasure import erase
    from fruits.web.privacy.models import Doomed
    from fruits.web.privacy.retention import retain

    before = photo_files(site)
    user = someone(keep=True)
    busy_life(user)
    (path,) = photo_files(site) - before
    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, "delete", lambda self, name: (_ for _ in ()).throw(OSError("no answer")))
        erase(User.objects.get(email=user.email))
        assert path.exists() and Doomed.objects.count() == 1
        assert retain()["files left"] == 1
    assert retain()["files left"] == 0
    assert not path.exists() and Doomed.objects.count() == 0


# --- retention ---


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[timedelta], None]]:
    """Stop Django's clock so much later than now."""

    def stop(later: timedelta) -> None:
        moment = datetime.now(UTC) + later
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return stop  # type: ignore[return-value]


def test_photos_expire_after_twelve_months_and_not_before(
    django: None, site: Site, someone: Someone, clock: Callable[[timedelta], None]
) -> None:
    from django.core.management import call_command

    from fruits.web.recognition.models import Photo, Scan

    before = photo_files(site)
    user = someone(keep=True)
    scan = busy_life(user)
    (path,) = photo_files(site) - before
    clock(timedelta(days=364, hours=23))
    call_command("retain", stdout=io.StringIO())
    assert path.exists() and Photo.objects.filter(scan_id=scan["id"]).exists()
    clock(timedelta(days=365, minutes=1))
    said = io.StringIO()
    call_command("retain", stdout=said)
    assert json.loads(said.getvalue())["photos"] >= 1
    assert not path.exists() and not Photo.objects.filter(scan_id=scan["id"]).exists()
    assert Scan.objects.filter(pk=scan["id"]).exists()  # the history stays until it is deleted


def test_what_else_expires(django: None, site: Site, clock: Callable[[timedelta], None]) -> None:
    from fruits.web.accounts.models import Attempt, Session, User
    from fruits.web.privacy.models import AuditEntry, Event
    from fruits.web.privacy.retention import retain

    browser = site.browser()
    browser.sign_up()
    browser.sign_in("nobody@example.org", "wrong")
    joined = site.browser().join()
    name = unzip(joined)[0]["pseudonym"]
    assert Event.objects.filter(subject=name).exists() and AuditEntry.objects.filter(actor=name).exists()
    clock(timedelta(days=6))
    retain()
    assert User.objects.filter(email=browser.email).exists()
    assert not Attempt.objects.exists()
    clock(timedelta(days=8))
    retain()
    assert not User.objects.filter(email=browser.email).exists()
    assert User.objects.filter(email=joined.email).exists()
    clock(timedelta(days=366))
    retain()
    assert not Session.objects.exists()
    assert not Event.objects.filter(subject=name).exists() and not AuditEntry.objects.filter(actor=name).exists()


# --- consents ---


def test_consents_are_recorded_with_time_and_text(someone: Someone) -> None:
    user = someone(keep=True)
    version = user.get("/api/config").json()["consents"]["keep"]["version"]
    user.turn(keep=True)  # nothing changes
    user.turn(keep=False)
    said = user.get("/api/me/consents").json()
    assert (said["keep"], said["improve"], said["photos"]) == (False, False, 0)
    assert [(row["kind"], row["granted"], row["text_version"]) for row in said["history"]] == [
        ("keep", True, version),
        ("keep", False, version),
    ]
    assert all(datetime.fromisoformat(row["at"]).tzinfo for row in said["history"])


def test_a_switch_beside_an_older_sentence_is_not_turned(someone: Someone) -> None:
    user = someone()
    for versions in ({}, {"keep": "1789-07-14"}):
        answer = user.send("PUT", "/api/me/consents", {"keep": True, "versions": versions})
        assert (answer.status_code, answer.json()["code"]) == (409, "notice-outdated")
    assert user.get("/api/me/consents").json()["keep"] is False


def test_withdrawing_deletes_what_no_other_switch_covers(site: Site, someone: Someone) -> None:
    before = photo_files(site)
    user = someone(keep=True, improve=True)
    busy_life(user)
    (path,) = photo_files(site) - before
    assert user.turn(keep=False)["photos"] == 1 and path.exists()
    assert user.turn(improve=False)["photos"] == 0 and not path.exists()


def test_withdrawing_takes_photos_out_of_later_training_exports(django: None, tmp_path: Path, someone: Someone) -> None:
    from django.core.management import CommandError, call_command

    helper, leaver, keeper = someone(improve=True), someone(keep=True, improve=True), someone(keep=True)
    for user in (helper, leaver, keeper):
        busy_life(user)

    def exported(name: str) -> list[dict[str, Any]]:
        call_command("export_training", str(tmp_path / name), stdout=io.StringIO())
        lines = [json.loads(line) for line in (tmp_path / name / "manifest.jsonl").read_text().splitlines()]
        assert {str(p.relative_to(tmp_path / name)) for p in (tmp_path / name).rglob("*.jpg")} == {
            line["path"] for line in lines
        }
        return lines

    first = exported("first")
    assert [line["label"] for line in first].count("quince") == len(first) >= 2  # corrected by their owners
    assert {line["labelled_by"] for line in first} == {"owner"}
    for user in (helper, leaver, keeper):
        assert user.email not in json.dumps(first)
    leaver.turn(improve=False)
    assert len(exported("second")) == len(first) - 1
    assert leaver.get("/api/me/consents").json()["photos"] == 1  # still in the history
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_training", str(tmp_path / "first"))


# --- the outbox ---


def test_events_share_the_fate_of_what_they_tell(django: None, someone: Someone) -> None:
    from django.db import transaction

    from fruits.web.accounts.models import User
    from fruits.web.privacy.journal import emit, pseudonym
    from fruits.web.privacy.models import Event

    user = User.objects.get(email=someone().email)
    with pytest.raises(transaction.TransactionManagementError, match="transaction"):
        emit("scan", user)
    before = Event.objects.filter(subject=pseudonym(user)).count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit("scan", user)
        raise ZeroDivisionError
    assert Event.objects.filter(subject=pseudonym(user)).count() == before


def test_a_scan_that_cannot_be_written_leaves_no_photo(
    django: None, site: Site, someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fruits.web.accounts.models import User
    from fruits.web.privacy import journal
    from fruits.web.recognition import service

    user = User.objects.get(email=someone(keep=True).email)
    before = photo_files(site)
    monkeypatch.setattr(service, "emit", lambda *a, **k: (_ for _ in ()).throw(RuntimeError("the disk is full")))
    with pytest.raises(RuntimeError):
        service.scan_photo(phone_photo(), user, {})
    assert photo_files(site) == before and not user.scans.exists()
    assert journal.emit is not service.emit


def test_the_notice_says_what_the_law_asks(browser: Browser) -> None:
    notice = browser.get("/api/notice").json()
    ids = {part["id"] for part in notice["sections"]}
    assert ids == {"who", "photos", "account", "grounds", "time", "where", "rights"}
    words = [text[language] for part in notice["sections"] for text in part["paragraphs"] for language in ("en", "fr")]
    assert all(words) and not [one for one in words if "{" in one]
    assert "owner of this computer" in json.dumps(notice)
    assert "12 months" in json.dumps(notice) and "CNIL" in json.dumps(notice)
