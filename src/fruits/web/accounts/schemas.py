"""What accounts send and receive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

Language = Literal["en", "fr"]
_NOT = r'@\s\x00-\x1f,;:<>()\[\]\\"'
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=rf"^[^{_NOT}]+@[^{_NOT}]+\.[^{_NOT}.]+$"),
]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
Token = Annotated[str, Field(min_length=1, max_length=1024)]


class Strict(Schema):
    """What comes in: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Consents(Schema):
    """The two switches."""

    keep: bool
    improve: bool


class UserOut(Schema):
    """The person that is signed in."""

    id: UUID
    email: str
    language: Language
    region: str
    created_at: datetime
    consents: Consents


class SessionOut(Schema):
    """Who is there, and the token that every changing request must carry as ``X-CSRFToken``."""

    csrf_token: str
    user: UserOut | None
    language: Language


class SignUpIn(Strict):
    """A new account; ``of_age``: at least fifteen."""

    email: Email
    password: Password
    of_age: bool
    notice_version: Annotated[str, Field(max_length=32)]
    language: Language = "en"


class SignInIn(Strict):
    """An address and a password."""

    email: Email
    password: Password


class EmailIn(Strict):
    """An address."""

    email: Email


class VerifyIn(Strict):
    """The token of a mail; the password too when another browser signed up."""

    token: Token
    password: Password | None = None


class ResetIn(Strict):
    """The token of a mail and the new password."""

    token: Token
    password: Password


class PasswordIn(Strict):
    """The password that holds and the one to come."""

    current: Password
    new: Password


class LanguageIn(Strict):
    """A language."""

    language: Language


class Said(Schema):
    """A sentence for the person."""

    message: str


class DeviceOut(Schema):
    """A signed-in browser."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    device: str
    current: bool


class PasswordOnlyIn(Strict):
    """The password, asked again before something that lasts."""

    password: Password


Base64Url = Annotated[str, StringConstraints(max_length=65_536, pattern=r"^[A-Za-z0-9_-]*=*$")]


class MadeResponse(Schema):
    """What a device made; other fields of the browser's are not needed."""

    clientDataJSON: Base64Url
    attestationObject: Base64Url


class MadePasskeyIn(Schema):
    """A ``RegistrationResponseJSON`` of the browser."""

    id: Base64Url
    rawId: Base64Url
    type: Literal["public-key"]
    response: MadeResponse


class SignedResponse(Schema):
    """What a device signed."""

    clientDataJSON: Base64Url
    authenticatorData: Base64Url
    signature: Base64Url
    userHandle: Base64Url


class SignedPasskeyIn(Schema):
    """An ``AuthenticationResponseJSON`` of the browser."""

    id: Base64Url
    rawId: Base64Url
    type: Literal["public-key"]
    response: SignedResponse


class PasskeyOptions(Schema):
    """Options for ``navigator.credentials``, as WebAuthn's JSON says them."""

    options: dict[str, Any]


class PasskeyOut(Schema):
    """A passkey of the account."""

    id: UUID
    created_at: datetime
    used_at: datetime | None
    device: str
