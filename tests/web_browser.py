"""A browser's half of the conversation with a server of ours, mails included, and photos to send it."""

from __future__ import annotations

import io
import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

PASSWORD = "a pear on a plate 7"
PATIENCE = 60


def fresh() -> str:
    """An address that nobody has used."""
    return f"{uuid.uuid4().hex[:12]}@example.org"


class Browser:
    """Cookies, the CSRF token, a language; answers are those of `requests`."""

    def __init__(self, address: str, home: Path, language: str = "en", agent: str = "Firefox Linux") -> None:
        self.address = address
        self.home = home
        self.http = requests.Session()
        self.http.trust_env = False  # a bundle of authorities in the environment would win over `verify`
        self.http.headers.update({"Accept-Language": language, "User-Agent": agent})
        self.email = ""
        self.known_token = ""

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.http.get(self.address + path, timeout=PATIENCE, **options)

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send with the CSRF token; when that has changed since, take the new one and try again, as the app does."""
        extra = options.pop("headers", {})
        if body is not None:
            options["json"] = body
        for _ in range(2):
            self.known_token = self.known_token or self.token()
            headers = {"X-CSRFToken": self.known_token, "Origin": self.address, **extra}
            answer = self.http.request(method, self.address + path, headers=headers, timeout=PATIENCE, **options)
            if answer.status_code != 403 or answer.json()["code"] != "csrf":
                break
            self.known_token = ""
        return answer

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.send("POST", path, body, **options)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.send("DELETE", path, body)

    def token(self) -> str:
        return str(self.get("/api/session").json()["csrf_token"])

    def scan(self, photo: bytes, name: str = "photo.jpg", **fields: str) -> requests.Response:
        return self.post("/api/photos", files={"photo": (name, photo)}, data=fields)

    # --- accounts ---

    def sign_up(self, email: str = "", password: str = PASSWORD, **changes: Any) -> requests.Response:
        self.email = email or fresh()
        version = self.get("/api/config").json()["notice"]["version"]
        wish = {"email": self.email, "password": password, "of_age": True, "notice_version": version, "language": "en"}
        return self.post("/api/accounts/sign-up", wish | changes)

    def mails(self, email: str = "") -> list[str]:
        """Mails to an address, oldest first."""
        paths = sorted((self.home / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        words = [path.read_text(encoding="utf-8") for path in paths]
        return [mail for mail in words if mail.startswith(f"To: {email or self.email}\n")]

    def link_token(self, email: str = "") -> str:
        """The token of the link in the last mail."""
        found = re.search(r"token=(\S+)", self.mails(email)[-1])
        assert found
        return found[1]

    def sign_in(self, email: str = "", password: str = PASSWORD) -> requests.Response:
        return self.post("/api/accounts/sign-in", {"email": email or self.email, "password": password})

    def join(self, **switches: bool) -> Browser:
        """Sign up, confirm, and turn switches on."""
        assert self.sign_up().status_code == 202
        answer = self.post("/api/accounts/verify", {"token": self.link_token()})
        assert answer.status_code == 200, answer.text
        if switches:
            self.turn(**switches)
        return self

    def turn(self, **switches: bool) -> dict[str, Any]:
        wordings = self.get("/api/config").json()["consents"]
        versions = {kind: wordings[kind]["version"] for kind in switches}
        answer = self.send("PUT", "/api/me/consents", {**switches, "versions": versions})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def drawn(width: int = 640, height: int = 480, seed: int = 0) -> Image.Image:
    """A picture of coloured blobs, no two seeds alike."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 80), max(2, width // 80), 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def phone_photo(width: int = 640, height: int = 480, seed: int = 0) -> bytes:
    """A JPEG as a phone writes it: with coordinates, serial numbers and names in its EXIF block and in a comment."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Maker", "PHONEMODEL", "OWNERNAME"
    exif.get_ifd(0x8769).update({0xA431: "SERIAL0123", 0x9286: b"ASCII\0\0\0USERCOMMENT"})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.9), 3: "E", 4: (2.0, 17.0, 40.2), 29: "2026:11:21"})
    options = {"exif": exif.tobytes(), "comment": b"IMG_SECRETNAME.jpg", "quality": 90}
    data = encoded(drawn(width, height, seed), "JPEG", **options)
    assert b"SERIAL0123" in data and b"SECRETNAME" in data
    return data
