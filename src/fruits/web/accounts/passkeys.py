"""Passkeys (WebAuthn, level 3): signing in with what unlocks the device instead of a password.

A challenge is good once, for five minutes, in the session that asked for it. Nothing of the device's maker is asked
(no attestation), and the sign-in names no account until the device has signed: nobody learns who has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fruits.web import mail
from fruits.web.accounts import service, throttling
from fruits.web.accounts.models import Passkey, User
from fruits.web.accounts.sessions import describe_device
from fruits.web.errors import ApiError
from fruits.web.http import origin_of
from fruits.web.privacy.journal import audit

MOST = 10
"""Passkeys that an account may have."""

LONGEST = 1023
"""Bytes that a credential's id may have (WebAuthn, 4)."""

CHALLENGE = timedelta(minutes=5)

_STATE = "passkey"

Options = dict[str, Any]


def begin_adding(request: HttpRequest, user: User, password: str) -> Options:
    """What the browser needs to make a passkey (``PublicKeyCredentialCreationOptionsJSON``). Raises ``ApiError``."""
    service.confirm_password(user, password)
    known = [_credential(passkey) for passkey in user.passkeys.all()]
    if len(known) >= MOST:
        raise ApiError(409, "too-many-passkeys", limit=MOST)
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(id=user.pk.bytes, name=user.email, display_name=user.email),
        known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _remember(request, "add", state)
    return cast("Options", dict(options)["publicKey"])


def add(request: HttpRequest, user: User, answer: Mapping[str, Any]) -> Passkey:
    """Keep the passkey that the browser made, and mail its owner. Raises ``ApiError``."""
    state = _recall(request, "add")
    with _refusing(400):
        made = _server(request).register_complete(state, RegistrationResponse.from_dict(answer))
        credential = made.credential_data
        assert credential is not None  # noqa: S101 - `register_complete` has seen to it
        if len(credential.credential_id) > LONGEST:
            raise ValueError("the credential's id is too long")
    try:
        with transaction.atomic():
            passkey = Passkey.objects.create(
                user=user,
                credential=websafe_encode(credential.credential_id),
                public_key=bytes(credential),
                counter=made.counter,
                device=describe_device(request.META.get("HTTP_USER_AGENT", "")),
            )
            audit(user, "add-passkey")
    except IntegrityError as error:
        raise ApiError(400, "passkey-refused") from error
    mail.send("passkey", user.email, user.spoken, f"{origin_of(request)}/account")
    return passkey


def remove(user: User, id_: UUID) -> None:
    """Forget a passkey of the user's; raises ``ApiError`` ``not-found``."""
    with transaction.atomic():
        count, _ = Passkey.objects.filter(user=user, id=id_).delete()
        if not count:
            raise ApiError(404, "not-found")
        audit(user, "remove-passkey")


def begin_sign_in(request: HttpRequest) -> Options:
    """What the browser needs to sign (``PublicKeyCredentialRequestOptionsJSON``). Raises ``ApiError``."""
    key = throttling.by_address(request, throttling.PASSKEY_ADDRESS)
    throttling.hold(key, throttling.PASSKEY_ADDRESS)
    throttling.count(key)
    options, state = _server(request).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    if not isinstance(request.user, User):
        request.session.set_expiry(CHALLENGE)
    _remember(request, "sign-in", state)
    return cast("Options", dict(options)["publicKey"])


def sign_in(request: HttpRequest, answer: Mapping[str, Any]) -> None:
    """Start a session for the owner of the passkey that signed. Raises ``ApiError``."""
    address = throttling.by_address(request, throttling.SIGN_IN_ADDRESS)
    throttling.hold(address, throttling.SIGN_IN_ADDRESS)
    state = _recall(request, "sign-in")
    try:
        with _refusing(401):
            response = AuthenticationResponse.from_dict(answer)
        passkey = _checked(request, state, response)
    except ApiError:
        throttling.count(address)
        raise
    service.enter(request, passkey.user)


def _checked(request: HttpRequest, state: dict[str, Any], response: AuthenticationResponse) -> Passkey:
    credential = websafe_encode(response.raw_id)
    passkey = Passkey.objects.select_related("user").filter(credential=credential).first()
    if passkey is None or response.response.user_handle != passkey.user.pk.bytes:
        raise ApiError(401, "passkey-refused")
    with _refusing(401):
        _server(request).authenticate_complete(state, [_credential(passkey)], response)
        counter = response.response.authenticator_data.counter
    # A device that counts no further is one of two that hold the same key. Passkeys that are shared between devices on
    # purpose always count 0 (WebAuthn, 6.1.1).
    moved = Passkey.objects.filter(pk=passkey.pk)
    if counter or passkey.counter:
        moved = moved.filter(counter__lt=counter)
    if not moved.update(counter=counter, used_at=timezone.now()):
        audit(passkey.user, "passkey-copied")
        raise ApiError(401, "passkey-refused")
    return passkey


@contextmanager
def _refusing(status: int) -> Iterator[None]:
    """A stranger's bytes in a library's parsers: whatever they raise is a refusal."""
    try:
        yield
    except Exception as error:
        raise ApiError(status, "passkey-refused") from error


def _credential(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.public_key))


def _server(request: HttpRequest) -> Fido2Server:
    """The site as a relying party: its passkeys work on its own origin alone."""
    origin = origin_of(request)
    party = PublicKeyCredentialRpEntity(name="Fruits!", id=urlsplit(origin).hostname)
    return Fido2Server(party, verify_origin=lambda given: given == origin)


def _remember(request: HttpRequest, purpose: str, state: dict[str, Any]) -> None:
    until = (timezone.now() + CHALLENGE).timestamp()
    request.session[_STATE] = {**state, "purpose": purpose, "until": until}


def _recall(request: HttpRequest, purpose: str) -> dict[str, Any]:
    """The state of a challenge, which is then spent; raises ``ApiError`` when there is none or it is too old."""
    state = request.session.pop(_STATE, None)
    if not isinstance(state, dict) or state["purpose"] != purpose or state["until"] < timezone.now().timestamp():
        raise ApiError(410, "passkey-expired")
    return state
