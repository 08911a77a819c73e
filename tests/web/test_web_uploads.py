"""Hostile and broken uploads: each a clear 4xx in the user's language, in bounded memory, with nothing left behind."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from fruits.web.messages import ERRORS, error_message
from web_browser import Browser, drawn, encoded, phone_photo
from web_site import Site, serving

MEGABYTE = 2**20
FRENCH = {code: text.fr for code, text in ERRORS.items()}


def png_header(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def flat_jpeg(width: int, height: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), 128).save(file, "JPEG", quality=30, **options)
    return file.getvalue()


HTML = b"<!doctype html><html><body><script>alert(1)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
REFUSED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "nothing": (lambda: b"", 400, "empty"),
    "a page": (lambda: HTML, 415, "not-an-image"),
    "a drawing with a script": (lambda: SVG, 415, "unsupported"),
    "a script behind a PNG header": (lambda: b"\x89PNG\r\n\x1a\n" + HTML * 20, 400, "corrupt"),
    "a GIF with a script": (lambda: b"GIF89a/*" + HTML + b"*/=1", 415, "unsupported"),
    "a TIFF": (lambda: encoded(drawn(60, 40), "TIFF"), 415, "unsupported"),
    "a BMP": (lambda: encoded(drawn(60, 40), "BMP"), 415, "unsupported"),
    "a document": (lambda: b"%PDF-1.7\n" + bytes(100), 415, "unsupported"),
    "a film": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0mp41mp42" + bytes(100), 415, "unsupported"),
    "half a photo": (lambda: encoded(drawn(), "JPEG")[:5000], 400, "truncated"),
    "half a PNG": (lambda: encoded(drawn(), "PNG")[:20_000], 400, "truncated"),
    "noise": (lambda: os.urandom(5000), 415, "not-an-image"),
    "a bomb of pixels": (lambda: png_header(60_000, 60_000, zlib.compress(bytes(10_000))), 413, "too-many-pixels"),
    "51 megapixels of PNG": (lambda: png_header(8500, 6000, zlib.compress(bytes(100))), 413, "too-many-pixels"),
    "121 megapixels of JPEG": (lambda: flat_jpeg(11_000, 11_001), 413, "too-many-pixels"),
    "51 megapixels of progressive JPEG": (lambda: flat_jpeg(8500, 6001, progressive=True), 413, "too-many-pixels"),
    "a bomb of deflate": (lambda: png_header(7000, 7000, zlib.compress(bytes(147_007_000), 9)[:-40]), 400, "truncated"),
    "20 MB and a byte": (lambda: flat_jpeg(64, 64) + bytes(20 * MEGABYTE), 413, "too-large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_french(site: Site, name: str) -> None:
    make, status, code = REFUSED[name]
    before = everything_on_disk(site)
    answer = site.browser("fr").scan(make())
    said = answer.json()
    if name in ("a script behind a PNG header", "a bomb of deflate"):
        assert said["code"] in ("corrupt", "truncated")
        code = said["code"]
    assert (answer.status_code, said["code"]) == (status, code), said
    assert said["message"] == error_message(code, "fr", limit=said.get("limit"))
    assert answer.headers["Content-Type"].startswith("application/json")
    if status == 413:
        assert said["limit"] in (20 * MEGABYTE, 50_000_000, 120_000_000)
        assert str(round(said["limit"] / (MEGABYTE if code == "too-large" else 1e6))) in said["message"]
    assert everything_on_disk(site) == before


def everything_on_disk(site: Site) -> set[Path]:
    return {path for path in site.home.rglob("*") if path.is_file() and "fruits.sqlite3" not in path.name}


def test_a_photo_within_the_limits_is_taken(browser: Browser) -> None:
    assert browser.scan(flat_jpeg(11_500, 10_000)).status_code == 200  # 115 megapixels
    assert browser.scan(encoded(Image.new("L", (8000, 6000), 90), "PNG")).status_code == 200  # 48 megapixels


def test_a_polyglot_is_only_ever_an_image(site: Site) -> None:
    """A real picture with a page behind it is recognised, and what is kept of it is the picture alone."""
    user = site.browser().join(keep=True)
    for kind in ("PNG", "JPEG"):
        scan = user.scan(encoded(drawn(), kind) + HTML, name="x.html").json()["scan"]
        answer = user.get(scan["photo"]["url"])
        assert answer.headers["Content-Type"] == "image/jpeg" and b"script" not in answer.content


def test_no_photo(browser: Browser) -> None:
    for options in (
        {"data": {"keep": "true"}},
        {"files": {"other": ("a.jpg", phone_photo())}},
        {"data": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"json": {"photo": "words"}},
    ):
        answer = browser.post("/api/photos", **options)
        assert answer.status_code == 400 and answer.json()["code"] in ("no-photo", "bad-request"), answer.text


def test_ten_thousand_parts(browser: Browser) -> None:
    parts = [(f"f{n}", (f"{n}.jpg", b"x")) for n in range(10_000)]
    answer = browser.post("/api/photos", files=parts)
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-parts")
    answer = browser.post("/api/photos", data={f"f{n}": "x" for n in range(10_000)}, files={"photo": b"x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-parts")


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é"]
)
def test_a_damaged_form(browser: Browser, kind: str) -> None:
    answer = browser.post("/api/photos", data=b"--x\r\nnothing", headers={"Content-Type": kind.encode()})
    assert answer.status_code == 400 and answer.json()["message"]


def test_a_large_body_elsewhere(browser: Browser) -> None:
    answer = browser.post("/api/accounts/sign-in", {"email": "a@b.fr", "password": "x" * 300_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_chunked_body_without_end_is_cut(site: Site, browser: Browser) -> None:
    token = browser.token()
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200 * MEGABYTE:
            sent += MEGABYTE
            yield bytes(MEGABYTE)

    try:
        answer = browser.http.post(
            site.address + "/api/photos", data=endless(), headers={"X-CSRFToken": token}, timeout=60
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    except requests.ConnectionError:  # the server has hung up on us, as it should
        pass
    assert sent < 190 * MEGABYTE
    assert browser.get("/healthz").status_code == 200


def request_head(path: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: fr\r\nContent-Length: {length}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    ).encode()


def connect(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(site.address.rpartition(":")[2])), timeout=60)


def test_a_slow_upload_is_ended_in_the_users_language(site: Site) -> None:
    with connect(site) as line:
        line.sendall(request_head("/api/photos", 1_000_000))
        started = time.monotonic()
        answer = b""
        line.settimeout(0.5)
        while time.monotonic() - started < 30 and b"too-slow" not in answer:
            try:
                line.sendall(b"x")
                answer += line.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
        assert b" 408 " in answer and FRENCH["too-slow"].encode() in answer
        assert 4 < time.monotonic() - started < 20  # the tests' server waits five seconds


@pytest.mark.timed
def test_hundreds_of_slow_clients_do_not_stop_health_or_photos(site: Site, browser: Browser) -> None:
    lines = [connect(site) for _ in range(500)]
    try:
        for line in lines:
            line.sendall(request_head("/api/photos", 5_000_000) + b"x" * 1000)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.2):
                for line in lines:
                    with contextlib.suppress(OSError):
                        line.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        slowest = 0.0
        for _ in range(20):
            started = time.perf_counter()
            assert browser.get("/healthz").status_code == 200
            slowest = max(slowest, time.perf_counter() - started)
        assert browser.scan(phone_photo()).status_code == 200
        stop.set()
        dripping.join()
        assert slowest < 2
    finally:
        for line in lines:
            line.close()


def test_one_address_cannot_hold_all_places(tmp_path: Path) -> None:
    """Eight uploads that fill the memory for bodies and then stand still, all from one address."""
    with serving(tmp_path / "home", "--proxy", "127.0.0.1") as site:
        lines = [connect(site) for _ in range(8)]
        try:
            head = request_head("/api/photos", 20 * MEGABYTE).replace(b"Host:", b"X-Forwarded-For: 192.0.2.1\r\nHost:")
            for line in lines:
                with contextlib.suppress(OSError):
                    line.sendall(head + bytes(20 * MEGABYTE - 1000))
            other = site.browser()
            other.http.headers["X-Forwarded-For"] = "192.0.2.2"
            assert other.scan(phone_photo()).status_code == 200
            same = site.browser()
            same.http.headers["X-Forwarded-For"] = "192.0.2.1"
            answer = same.scan(phone_photo() + bytes(MEGABYTE))
            assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        finally:
            for line in lines:
                line.close()


def test_memory_is_bounded(site: Site) -> None:
    """Two dozen large uploads at once, of each kind that costs most, leave the server about as large as before."""
    bodies = [flat_jpeg(11_500, 10_000), encoded(Image.new("RGB", (8000, 6200), (9, 99, 9)), "PNG")]
    bodies.append(flat_jpeg(64, 64) + bytes(19 * MEGABYTE))
    noise = np.random.default_rng(0).integers(0, 256, (2400, 2400, 3), dtype=np.uint8)
    bodies.append(encoded(Image.fromarray(noise), "PNG"))
    most = 0
    done: list[int] = []
    site.browser().scan(bodies[0])

    def send(number: int) -> None:
        browser = site.browser()
        browser.http.headers["X-Forwarded-For"] = f"203.0.113.{number}"
        done.append(browser.scan(bodies[number % len(bodies)]).status_code)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(24)]
    before = site.resident()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, site.resident())
        time.sleep(0.02)
    assert len(done) == 24 and set(done) <= {200, 503}
    assert done.count(200) >= 12
    assert most - before < 1200 * MEGABYTE
    assert site.resident() - before < 400 * MEGABYTE


def test_photos_of_one_address_are_limited(tmp_path: Path) -> None:
    with serving(tmp_path / "home", FRUITS_RECOGNITION_RATE="5/m") as strict:
        browser = strict.browser("fr")
        answers = [browser.scan(phone_photo()) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[-1].json()["code"] == "throttled" and "secondes" in answers[-1].json()["message"]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 12
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        token = {"X-CSRFToken": browser.token(), **elsewhere}
        photo = {"photo": ("p.jpg", phone_photo())}
        said = browser.http.post(strict.address + "/api/photos", files=photo, headers=token, timeout=60)
        assert said.status_code == 200  # a proxy on this machine is believed


def test_an_address_that_is_not_a_trusted_proxy_cannot_choose_its_own(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--proxy", "192.0.2.1", FRUITS_RECOGNITION_RATE="2/m") as strict:
        browser = strict.browser()
        codes = []
        for number in range(3):
            headers = {"X-CSRFToken": browser.token(), "X-Forwarded-For": f"203.0.113.{number}"}
            photo = {"photo": ("p.jpg", phone_photo())}
            answer = browser.http.post(strict.address + "/api/photos", files=photo, headers=headers, timeout=60)
            codes.append(answer.status_code)
        assert codes == [200, 200, 429]
