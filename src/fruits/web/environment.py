"""The environment of the server, read once, as typed values; a wrong one is one sentence that names the variable."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fruits.web.errors import ConfigurationError

Settings = dict[str, Any]


class Environment:
    """Variables by name, with types."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """The variable, or ``default`` when it is unset or empty."""
        return self._variables.get(name) or default

    def flag(self, name: str) -> bool:
        """Whether the variable says yes: 1, true, yes, on."""
        return self.text(name).lower() in ("1", "true", "yes", "on")

    def number(self, name: str, default: int) -> int:
        """A whole number of 0 or more."""
        value = self.text(name, str(default))
        if not value.isdigit():
            raise ConfigurationError(f"{name} must be a whole number, not {value!r}")
        return int(value)

    def words(self, name: str) -> list[str]:
        """Words between commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def beginning(self, prefix: str) -> dict[str, str]:
        """The set variables whose names begin so, by the rest of the name."""
        return {
            name.removeprefix(prefix): value
            for name, value in self._variables.items()
            if name.startswith(prefix) and value
        }


def home_folder(environment: Environment) -> Path:
    """Where SQLite, photos, mails and the secret lie when nothing else is set."""
    given = environment.text("FRUITS_HOME")
    if given:
        return Path(given).absolute()
    base = environment.text("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "fruits"


def local_secret(home: Path) -> str:
    """A secret made at the first start and kept beside the database, readable by its owner alone."""
    path = home / "secret"
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(secret := secrets.token_urlsafe(64))
    except OSError as error:
        raise ConfigurationError(f"{home} cannot be written: set FRUITS_HOME to a folder that can ({error})") from error
    return secret


def database(address: str, home: Path) -> Settings:
    """Django's setting for a ``DATABASE_URL``: ``postgres://user:password@host:port/name?sslmode=require`` or SQLite.

    SQLite runs with a write-ahead log; a writer takes the lock when its transaction begins, so that two of them wait
    for each other instead of failing half way.
    """
    if not address or address.startswith("sqlite:"):
        given = unquote(urlsplit(address).path).lstrip("/")
        path = f"/{given}" if given else str(home / "fruits.sqlite3")
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options, "CONN_MAX_AGE": None}
    parts = urlsplit(address)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ConfigurationError("DATABASE_URL must be postgres://user:password@host/name or sqlite:////path")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {name: values[-1] for name, values in parse_qs(parts.query).items()},
    }


def photo_storage(address: str, home: Path) -> Settings:
    """Django's storage for photos: a folder, or ``s3://bucket/prefix`` (boto3's own variables say how to get there)."""
    if address.startswith("s3://"):
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not bucket:
            raise ConfigurationError(f"{address} names no bucket: write s3://bucket or s3://bucket/prefix")
        options: Settings = {
            "bucket_name": bucket,
            "location": prefix.strip("/"),
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
            "object_parameters": {"ServerSideEncryption": "AES256", "CacheControl": "private, no-store"},
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    folder = address or str(home / "photos")
    options = {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def mail(address: str) -> Settings:
    """Django's mail settings for ``smtp://user:password@host:587`` (``smtps://`` for 465); none: files in a folder."""
    if not address:
        return {"EMAIL_BACKEND": "fruits.web.mail.FolderBackend"}
    parts = urlsplit(address)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationError("FRUITS_MAIL must be smtp://user:password@host:587 or smtps://user:password@host:465")
    wrapped = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "fruits.web.mail.SmtpBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if wrapped else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": wrapped,
        "EMAIL_USE_TLS": not wrapped and "plain" not in parse_qs(parts.query, keep_blank_values=True),
        "EMAIL_TIMEOUT": 10,
    }
