"""Users, their sessions, and the failed attempts that throttle guessing."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from fruits.catalogue import Language


def _new_audit_key() -> bytes:
    return secrets.token_bytes(32)


def _default_region() -> str:
    return str(settings.DEFAULT_REGION)


class UserManager(BaseUserManager["User"]):
    """Finds and makes users by e-mail address."""

    def create_user(self, email: str, password: str, **fields: Any) -> User:
        """Make an unverified user; raises ``IntegrityError`` when the address is taken."""
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def with_email(self, email: str) -> User | None:
        """The user of an address, or ``None``."""
        return self.filter(email=canonical_email(email)).first()


class User(AbstractBaseUser):
    """A person with an account: an address, a password, a language, a storage region, and nothing else.

    ``audit_key`` makes the pseudonym under which the audit log and the events speak of this user; it dies with the
    row, and with it the way back from the pseudonym to the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, max_length=254)
    language = models.CharField(max_length=2, default="en")
    region = models.CharField(max_length=32, default=_default_region)
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True)
    of_age = models.BooleanField(default=False)
    notice_version = models.CharField(max_length=32, default="")
    audit_key = models.BinaryField(max_length=32, default=_new_audit_key)
    last_login = None  # the sessions say it for as long as they last

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    is_active = True

    @property
    def spoken(self) -> Language:
        """The language of mails."""
        return "fr" if self.language == "fr" else "en"


class Session(AbstractBaseSession):
    """A signed-in browser; ``device`` is coarse on purpose, such as "Firefox, Android"."""

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(auto_now_add=True)
    device = models.CharField(max_length=64, default="")

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The engine that reads and writes these rows."""
        from fruits.web.accounts.sessions import SessionStore  # noqa: PLC0415  (it imports this module)

        return SessionStore


class Passkey(models.Model):
    """A key pair whose private half never leaves the user's devices.

    ``credential`` is its name among all (base64url), ``public_key`` what the library needs to check a signature,
    ``counter`` how often the device says it has signed, 0 for devices that do not count.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="passkeys")
    credential = models.CharField(max_length=1400, unique=True)  # 1,023 bytes at most (WebAuthn, 4)
    public_key = models.BinaryField()
    counter = models.PositiveBigIntegerField(default=0)
    device = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)


class Attempt(models.Model):
    """Something that may be tried only so often; ``key`` is a keyed hash of an address or of an account's e-mail."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["key", "at"])]


def canonical_email(email: str) -> str:
    """An address as it is stored and compared: without spaces around it, in lower case."""
    return email.strip().lower()
