"""Accounts opened, confirmed, entered and left, without telling anybody which addresses have one."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from fruits.catalogue import Language
from fruits.web import mail
from fruits.web.accounts import throttling
from fruits.web.accounts.models import Session, User
from fruits.web.accounts.passwords import check_password_rules
from fruits.web.accounts.schemas import SignUpIn
from fruits.web.accounts.sessions import DEVICE, describe_device
from fruits.web.accounts.tokens import make_link_token, state_of, user_of_link_token
from fruits.web.errors import ApiError
from fruits.web.privacy import notice
from fruits.web.privacy.journal import audit, emit

# Remembers, in the browser that signed up, which password the account had then.
_COOKIE = "signup"
_COOKIE_SALT = "fruits.web.signup"


def sign_up(request: HttpRequest, response: HttpResponse, wish: SignUpIn) -> None:
    """Open an unverified account and mail its link; for a known address mail the owner instead.

    The answer, its cookie and its time are the same in both cases. Raises ``ApiError``.
    """
    if not wish.of_age:
        raise ApiError(422, "too-young", limit=settings.MINIMUM_AGE)
    if wish.notice_version != notice.VERSION:
        raise ApiError(409, "notice-outdated")
    check_password_rules(wish.password, wish.email)
    _hold_mails(request)
    known = User.objects.with_email(wish.email)
    if known is not None and known.verified_at is not None:
        make_password(wish.password)  # as slow as the other branch
        state = secrets.token_hex(16)
        _mail(request, known, "known")
    else:
        user = _open(wish, known)
        state = state_of(user)
        _mail(request, user, "verify")
    response.set_cookie(
        settings.SESSION_COOKIE_NAME.replace("session", _COOKIE),
        signing.dumps(state, salt=_COOKIE_SALT),
        max_age=settings.VERIFY_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def verify(request: HttpRequest, token: str, password: str | None) -> None:
    """Confirm an address and sign in.

    The link alone is enough in the browser that signed up; elsewhere the password is asked for, so that nobody can
    have a stranger confirm an account whose password he chose himself. Raises ``ApiError``.
    """
    user = user_of_link_token(token, "verify", settings.VERIFY_SECONDS)
    if not _signed_up_here(request, user):
        if password is None:
            raise ApiError(400, "password-needed")
        _check(request, user.email, user, password)
    with transaction.atomic():
        user.verified_at = timezone.now()
        user.save(update_fields=["verified_at"])
        audit(user, "verify-email")
    enter(request, user)


def resend(request: HttpRequest, email: str) -> None:
    """Mail the link again when the address has an account to confirm; the answer does not tell."""
    _hold_mails(request)
    user = User.objects.with_email(email)
    if user is not None and user.verified_at is None:
        _mail(request, user, "verify")
    else:
        _pretend(email)


def sign_in(request: HttpRequest, email: str, password: str) -> None:
    """Start a session; raises ``ApiError``: ``wrong-credentials``, ``throttled`` or ``email-unverified``."""
    user = User.objects.with_email(email)
    user = _check(request, email, user, password)
    if user.verified_at is None:
        _mail(request, user, "verify")
        raise ApiError(403, "email-unverified")
    enter(request, user)


def sign_out(request: HttpRequest) -> None:
    """End the session, if there is one."""
    if isinstance(request.user, User):
        audit(request.user, "sign-out")
    logout(request)


def ask_reset(request: HttpRequest, email: str) -> None:
    """Mail a link to choose a new password when the address has an account; the answer does not tell."""
    _hold_mails(request)
    user = User.objects.with_email(email)
    if user is not None:
        _mail(request, user, "reset")
    else:
        _pretend(email)


def reset(token: str, password: str) -> None:
    """Set a new password from a mailed link, confirm the address with it, end every session. Raises ``ApiError``."""
    user = user_of_link_token(token, "reset", settings.RESET_SECONDS)
    check_password_rules(password, user.email)
    with transaction.atomic():
        user.set_password(password)
        user.verified_at = user.verified_at or timezone.now()
        user.save(update_fields=["password", "verified_at"])
        Session.objects.filter(user=user).delete()
        audit(user, "reset-password")
    throttling.forget(*throttling.keys_of_account(user.email))


def change_password(request: HttpRequest, user: User, current: str, new: str) -> None:
    """Set a new password, end the other sessions, start this one anew. Raises ``ApiError``."""
    confirm_password(user, current)
    check_password_rules(new, user.email)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        Session.objects.filter(user=user).delete()
        audit(user, "change-password")
    _start_session(request, user)


def confirm_password(user: User, password: str) -> None:
    """Raise ``ApiError`` unless ``password`` is the signed-in user's.

    Counted by themselves: what a stranger tries at the door does not keep the owner from his account.
    """
    key = throttling.by_account(user.email, throttling.CONFIRM_ACCOUNT)
    throttling.hold(key, throttling.CONFIRM_ACCOUNT)
    if user.check_password(password):
        throttling.forget(key)
        return
    throttling.count(key)
    audit(user, "wrong-password")
    raise ApiError(401, "wrong-credentials")


def enter(request: HttpRequest, user: User) -> None:
    """Start a session for a user who has shown who he is."""
    with transaction.atomic():
        _start_session(request, user)
        audit(user, "sign-in")
        emit("sign-in", user)


def _check(request: HttpRequest, email: str, user: User | None, password: str) -> User:
    address = throttling.by_address(request, throttling.SIGN_IN_ADDRESS)
    account = throttling.by_account(email, throttling.SIGN_IN_ACCOUNT)
    throttling.hold(address, throttling.SIGN_IN_ADDRESS)
    throttling.hold(account, throttling.SIGN_IN_ACCOUNT)
    if user is None:
        make_password(password)  # an unknown address takes as long as a wrong password
    elif user.check_password(password):
        throttling.forget(account)
        return user
    throttling.count(address)
    throttling.count(account)
    if user is not None:
        audit(user, "wrong-password")
    raise ApiError(401, "wrong-credentials")


def _open(wish: SignUpIn, known: User | None) -> User:
    fields = {"language": wish.language, "of_age": True, "notice_version": wish.notice_version}
    with transaction.atomic():
        if known is None:
            try:
                with transaction.atomic():
                    user = User.objects.create_user(wish.email, wish.password, **fields)
            except IntegrityError as error:  # the same address, twice at once
                raise ApiError(503, "busy", retry_after=1) from error
        else:  # never confirmed: the last one to ask sets the password, and earlier links are void
            user = known
            user.set_password(wish.password)
            user.language = wish.language
            user.save(update_fields=["password", "language"])
        audit(user, "sign-up", notice=wish.notice_version)
    return user


def _start_session(request: HttpRequest, user: User) -> None:
    if SESSION_KEY in request.session:  # somebody signs in again: Django would keep the key
        request.session.cycle_key()
    request.session.set_expiry(None)  # that of a passkey's challenge would stay
    login(request, user)
    request.session[DEVICE] = describe_device(request.META.get("HTTP_USER_AGENT", ""))
    request.session.save()


def _signed_up_here(request: HttpRequest, user: User) -> bool:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME.replace("session", _COOKIE), "")
    try:
        age = timedelta(seconds=settings.VERIFY_SECONDS)
        return bool(signing.loads(cookie, salt=_COOKIE_SALT, max_age=age) == state_of(user))
    except signing.BadSignature:
        return False


def _hold_mails(request: HttpRequest) -> None:
    address = throttling.by_address(request, throttling.MAIL_ADDRESS)
    throttling.hold(address, throttling.MAIL_ADDRESS)
    throttling.count(address)


def _mail(request: HttpRequest, user: User, kind: str) -> None:
    key = throttling.by_account(user.email, throttling.MAIL_ACCOUNT)
    if throttling.spent(key, throttling.MAIL_ACCOUNT):
        return
    throttling.count(key)
    purpose, path = ("verify", "verify") if kind == "verify" else ("reset", "reset")
    language: Language = user.spoken
    mail.send(kind, user.email, language, mail.link(request, path, make_link_token(user, purpose)))


def _pretend(email: str) -> None:
    """Touch the database as ``_mail`` does."""
    key = throttling.by_account(email, throttling.MAIL_ACCOUNT)
    if not throttling.spent(key, throttling.MAIL_ACCOUNT):
        throttling.count(key)
