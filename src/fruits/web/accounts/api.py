"""Operations on accounts and sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from ninja import Router

from fruits.web.accounts import passkeys, service
from fruits.web.accounts.models import Passkey, Session, User
from fruits.web.accounts.schemas import (
    DeviceOut,
    EmailIn,
    MadePasskeyIn,
    PasskeyOptions,
    PasskeyOut,
    PasswordIn,
    PasswordOnlyIn,
    ResetIn,
    Said,
    SessionOut,
    SignedPasskeyIn,
    SignInIn,
    SignUpIn,
    VerifyIn,
)
from fruits.web.errors import ApiError
from fruits.web.http import SignedIn, language_of_request, optional_user, refusals, user_of
from fruits.web.messages import SAID
from fruits.web.privacy import consents
from fruits.web.privacy.journal import audit

router = Router(tags=["accounts"])
signed_in = SignedIn()


@router.get("/session", response={200: SessionOut, **refusals()})
def session(request: HttpRequest) -> dict[str, Any]:
    """Who is signed in, and the CSRF token that every changing request must carry."""
    return _session(request)


@router.post("/accounts/sign-up", response={202: Said, **refusals(409, 422)})
def sign_up(request: HttpRequest, response: HttpResponse, wish: SignUpIn) -> tuple[int, dict[str, str]]:
    """Open an account. The answer is the same for an address that has one; a mail says the rest."""
    service.sign_up(request, response, wish)
    return 202, _said("mail-sent")


@router.post("/accounts/verify", response={200: SessionOut, **refusals(401, 410, 422)})
def verify(request: HttpRequest, wish: VerifyIn) -> dict[str, Any]:
    """Confirm an address by the token of the mail, and sign in."""
    service.verify(request, wish.token, wish.password)
    return _session(request)


@router.post("/accounts/verify/resend", response={202: Said, **refusals(422)})
def resend(request: HttpRequest, wish: EmailIn) -> tuple[int, dict[str, str]]:
    """Send the link again."""
    service.resend(request, wish.email)
    return 202, _said("mail-sent")


@router.post("/accounts/sign-in", response={200: SessionOut, **refusals(401, 403, 422)})
def sign_in(request: HttpRequest, wish: SignInIn) -> dict[str, Any]:
    """Sign in."""
    service.sign_in(request, wish.email, wish.password)
    return _session(request)


@router.post("/accounts/sign-out", response={200: SessionOut, **refusals()})
def sign_out(request: HttpRequest) -> dict[str, Any]:
    """Sign out."""
    service.sign_out(request)
    return _session(request)


@router.post("/accounts/password-reset", response={202: Said, **refusals(422)})
def ask_reset(request: HttpRequest, wish: EmailIn) -> tuple[int, dict[str, str]]:
    """Ask for a link to choose a new password."""
    service.ask_reset(request, wish.email)
    return 202, _said("mail-sent")


@router.post("/accounts/password-reset/confirm", response={200: Said, **refusals(410, 422)})
def reset(request: HttpRequest, wish: ResetIn) -> dict[str, str]:
    """Choose a new password by the token of the mail; every session ends."""
    service.reset(wish.token, wish.password)
    return _said("password-changed")


@router.post("/accounts/password", auth=signed_in, response={200: SessionOut, **refusals(401, 422)})
def change_password(request: HttpRequest, wish: PasswordIn) -> dict[str, Any]:
    """Change the password; the other sessions end."""
    service.change_password(request, user_of(request), wish.current, wish.new)
    return _session(request)


@router.get("/accounts/sessions", auth=signed_in, response={200: list[DeviceOut], **refusals(401)})
def list_sessions(request: HttpRequest) -> list[dict[str, Any]]:
    """The browsers in which one is signed in."""
    rows = Session.objects.filter(user=user_of(request), expire_date__gt=timezone.now()).order_by("-created_at")
    return [
        {
            "id": row.id,
            "created_at": row.created_at,
            "expires_at": row.expire_date,
            "device": row.device,
            "current": row.session_key == request.session.session_key,
        }
        for row in rows
    ]


@router.delete("/accounts/sessions/{uuid:session}", auth=signed_in, response={204: None, **refusals(401, 404, 422)})
def end_session(request: HttpRequest, session: UUID) -> tuple[int, None]:
    """Sign another browser out."""
    user = user_of(request)
    count, _ = Session.objects.filter(user=user, id=session).delete()
    if not count:
        raise ApiError(404, "not-found")
    audit(user, "end-session")
    return 204, None


@router.get("/accounts/passkeys", auth=signed_in, response={200: list[PasskeyOut], **refusals(401)})
def list_passkeys(request: HttpRequest) -> QuerySet[Passkey]:
    """The passkeys of the account, newest first."""
    return user_of(request).passkeys.order_by("-created_at")


@router.post("/accounts/passkeys/options", auth=signed_in, response={200: PasskeyOptions, **refusals(401, 409, 422)})
def passkey_options(request: HttpRequest, wish: PasswordOnlyIn) -> dict[str, Any]:
    """What the browser needs to make a passkey; good for five minutes, once."""
    return {"options": passkeys.begin_adding(request, user_of(request), wish.password)}


@router.post("/accounts/passkeys", auth=signed_in, response={201: PasskeyOut, **refusals(401, 410, 422)})
def add_passkey(request: HttpRequest, wish: MadePasskeyIn) -> tuple[int, Passkey]:
    """Keep the passkey that the browser made; a mail tells the owner."""
    return 201, passkeys.add(request, user_of(request), wish.dict())


@router.delete("/accounts/passkeys/{uuid:passkey}", auth=signed_in, response={204: None, **refusals(401, 404, 422)})
def remove_passkey(request: HttpRequest, passkey: UUID) -> tuple[int, None]:
    """Forget a passkey."""
    passkeys.remove(user_of(request), passkey)
    return 204, None


@router.post("/accounts/sign-in/passkey/options", response={200: PasskeyOptions, **refusals()})
def sign_in_options(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to sign in with a passkey; the same for everybody, good for five minutes, once."""
    return {"options": passkeys.begin_sign_in(request)}


@router.post("/accounts/sign-in/passkey", response={200: SessionOut, **refusals(401, 410, 422)})
def sign_in_with_passkey(request: HttpRequest, wish: SignedPasskeyIn) -> dict[str, Any]:
    """Sign in with what a passkey has signed."""
    passkeys.sign_in(request, wish.dict())
    return _session(request)


def user_json(user: User) -> dict[str, Any]:
    """A user as the API shows it to that user."""
    return {
        "id": user.pk,
        "email": user.email,
        "language": user.spoken,
        "region": user.region,
        "created_at": user.created_at,
        "consents": consents.granted(user),
    }


def _session(request: HttpRequest) -> dict[str, Any]:
    user = optional_user(request)
    return {
        "csrf_token": get_token(request),
        "user": None if user is None else user_json(user),
        "language": language_of_request(),
    }


def _said(code: str) -> dict[str, str]:
    return {"message": SAID[code][language_of_request()]}
