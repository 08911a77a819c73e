"""`fruits serve` in its other shapes: certificates, several workers, S3, PostgreSQL, regions."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests

from servers import CREDENTIALS, descendants, free_port, kill, s3_server, start, wait_until
from web_browser import PASSWORD, Browser, phone_photo
from web_site import serving


def test_a_certificate_for_this_machine(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--tls", scheme="https") as site:
        authority = site.home / "tls" / "authority.pem"
        answer = requests.get(site.address + "/api/session", verify=str(authority), timeout=60)
        assert answer.status_code == 200 and "__Host-csrf" in answer.headers["Set-Cookie"]
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(site.address + "/healthz", timeout=60)
        assert str(authority) in site.process.said()
        browser = Browser(site.address, site.home)
        browser.http.verify = str(authority)
        assert browser.join().get("/api/me").status_code == 200
        assert f"{site.address}/verify?token=" in browser.mails()[-1]
    assert {path.name: path.stat().st_mode & 0o777 for path in (site.home / "tls").glob("*.key")} == {
        "authority.key": 0o600,
        "server.key": 0o600,
    }


def test_a_certificate_is_kept_and_the_authority_survives_new_names(tmp_path: Path) -> None:
    from fruits.web.certificates import certificate_for

    first = certificate_for(tmp_path, ["localhost", "127.0.0.1"])
    before, authority = first.certificate.read_bytes(), first.authority.read_bytes()
    assert certificate_for(tmp_path, ["127.0.0.1"]).certificate.read_bytes() == before
    assert certificate_for(tmp_path, ["localhost", "phone.local"]).certificate.read_bytes() != before
    assert first.authority.read_bytes() == authority
    context = ssl.create_default_context(cafile=str(first.authority))
    context.load_cert_chain(first.certificate, first.key)


def test_several_workers_are_one_site(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--workers", "2") as site:
        user = Browser(site.address, site.home).join(keep=True)
        for seed in range(12):
            user.http.close()  # another connection, perhaps another worker
            assert user.scan(phone_photo(seed=seed)).status_code == 200
        assert len(user.get("/api/history").json()["items"]) == 12
        text = user.get("/metrics").text
        total = sum(
            float(line.split()[-1]) for line in text.splitlines() if line.startswith("fruits_recognitions_total{")
        )
        assert total == 12  # of both workers together
        workers = [pid for pid, line in descendants(site.process.pid) if "spawn_main" in line]
        assert len(workers) == 2
        kill(workers[0])
        wait_until(
            lambda: len(
                [1 for pid, line in descendants(site.process.pid) if "spawn_main" in line and pid not in workers]
            ),
            "another worker in the place of the killed one",
        )
        assert user.get("/api/me").status_code == 200


def test_photos_on_s3(tmp_path: Path) -> None:
    with s3_server(tmp_path) as address:
        client = boto3.client(
            "s3", endpoint_url=address, region_name="eu-west-3", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        variables = CREDENTIALS | {"AWS_ENDPOINT_URL": address, "FRUITS_PHOTOS": "s3://photos/kept"}
        with serving(tmp_path / "home", **variables) as site:
            user = Browser(site.address, site.home).join(keep=True)
            photo = user.scan(phone_photo()).json()["scan"]["photo"]
            (entry,) = client.list_objects_v2(Bucket="photos")["Contents"]
            assert entry["Key"].startswith("kept/") and entry["Size"] == photo["bytes"]
            stored = client.get_object(Bucket="photos", Key=entry["Key"])
            data = stored["Body"].read()
            assert b"SERIAL" not in data and stored["ServerSideEncryption"] == "AES256"
            assert user.get(photo["url"]).content == data
            assert user.get("/readyz").json()["checks"]["storage"] is True
            assert not list((site.home).rglob("*.jpg"))
            assert user.delete("/api/me", {"password": PASSWORD}).status_code == 204
            assert client.list_objects_v2(Bucket="photos")["KeyCount"] == 0


def test_a_region_of_ones_own(tmp_path: Path) -> None:
    """The seam: an account's photos lie in the storage of its region, wherever the others' lie."""
    import sqlite3

    far = tmp_path / "far"
    with serving(tmp_path / "home", FRUITS_PHOTOS_CA=str(far)) as site:
        user = Browser(site.address, site.home).join(keep=True)
        with sqlite3.connect(site.home / "fruits.sqlite3", timeout=20) as base:
            base.execute("UPDATE accounts_user SET region = 'ca'")
        photo = user.scan(phone_photo()).json()["scan"]["photo"]
        assert len(list(far.rglob("*.jpg"))) == 1 and not list((site.home / "photos").rglob("*.jpg"))
        assert user.get(photo["url"]).status_code == 200
        assert user.delete("/api/history").status_code == 204 and not list(far.rglob("*.jpg"))


def test_without_a_model_the_rest_is_served(tmp_path: Path, app_folder: Path) -> None:
    nowhere = {"FRUITS_MODEL": str(tmp_path / "nowhere.onnx"), "FRUITS_APP_FOLDER": str(app_folder)}
    with serving(tmp_path / "home", answers="/healthz", **nowhere) as site:
        browser = Browser(site.address, site.home, "fr")
        answer = browser.scan(phone_photo())
        assert (answer.status_code, answer.json()["code"]) == (503, "no-model") and "Retry-After" in answer.headers
        ready = browser.get("/readyz")
        assert ready.status_code == 503 and ready.json()["checks"] == {
            "database": True,
            "storage": True,
            "model": False,
        }
        assert browser.get("/api/config").json()["model"] is None
        assert browser.get("/").status_code == browser.get("/api/species/pear").status_code == 200


def test_an_account_has_so_many_photos(tmp_path: Path) -> None:
    with serving(tmp_path / "home", FRUITS_MAX_PHOTOS="2") as site:
        user = Browser(site.address, site.home).join(keep=True)
        stored = [user.scan(phone_photo(seed=seed)).json()["scan"]["photo"] is not None for seed in range(3)]
        assert stored == [True, True, False] and len(user.get("/api/history").json()["items"]) == 3


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_stops_when_told_and_leaves_nothing(tmp_path: Path, workers: str) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    with serving(tmp_path / "home", "--workers", workers, TMPDIR=str(scratch)) as site:
        os.kill(site.process.pid, signal.SIGTERM)
        assert site.process.wait(30) == 0
        assert list(scratch.iterdir()) == [] and "Traceback" not in site.process.said()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    programs = [Path(p).parent for p in [shutil.which("initdb") or ""] if p]
    programs += sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
    if not programs:
        pytest.skip("no PostgreSQL here (Debian: apt install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is an extra")
    data = folder / "pg"
    user: dict[str, int] = {}
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        user = {"user": 65534, "group": 65534}
        for place in (folder, *folder.parents):
            if place.stat().st_mode & 0o005 != 0o005 and str(place).startswith("/tmp/"):
                place.chmod(place.stat().st_mode | 0o055)
    data.mkdir()
    if user:
        os.chown(data, 65534, 65534)
    port = free_port()
    make = [str(programs[0] / "initdb"), "-D", str(data), "-U", "fruits", "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(make, check=True, capture_output=True, timeout=120, **user)
    options = ["-p", str(port), "-c", f"unix_socket_directories={data}", "-c", "fsync=off", "-h", "127.0.0.1"]
    command = [str(programs[0] / "postgres"), "-D", str(data), *options]
    if user:
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    server = start(command, folder / "pg.log")
    try:
        wait_until(lambda: "ready to accept connections" in server.said() or not server.running(), server.said())
        assert server.running(), server.said()
        yield f"postgres://fruits@127.0.0.1:{port}/postgres"
    finally:
        server.kill_group()


def test_postgresql(tmp_path: Path) -> None:
    with postgres(tmp_path) as address, serving(tmp_path / "home", "--workers", "2", DATABASE_URL=address) as site:
        user = Browser(site.address, site.home).join(keep=True, improve=True)
        scans = [user.scan(phone_photo(seed=seed)).json() for seed in range(3)]
        user.post("/api/corrections", {"token": scans[0]["correction"]["token"], "species": "fig"})
        page = user.get("/api/history?limit=2").json()
        rest = user.get(f"/api/history?before={page['next']}").json()
        assert [one["id"] for one in page["items"] + rest["items"]] == [s["scan"]["id"] for s in reversed(scans)]
        assert user.get("/api/me/export").status_code == 200
        assert user.get("/readyz").status_code == 200
        assert not (site.home / "fruits.sqlite3").exists()
        assert user.delete("/api/me", {"password": PASSWORD}).status_code == 204
        assert user.get("/api/me").status_code == 401
        assert not list((site.home / "photos").rglob("*.jpg"))
