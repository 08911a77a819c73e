"""Links in mails: signed, expiring, void once used or once the password has changed."""

from __future__ import annotations

from django.core import signing
from django.utils.crypto import salted_hmac

from fruits.web.accounts.models import User
from fruits.web.errors import ApiError


def make_link_token(user: User, purpose: str) -> str:
    """A token for ``purpose`` (``verify`` or ``reset``) that only this state of the account accepts."""
    return signing.dumps([str(user.pk), state_of(user)], salt=f"fruits.web.{purpose}")


def user_of_link_token(token: str, purpose: str, seconds: int) -> User:
    """The user of a token; raises ``ApiError`` ``token-expired`` or ``token-invalid``."""
    try:
        id_, state = signing.loads(token, salt=f"fruits.web.{purpose}", max_age=seconds)
    except signing.SignatureExpired as error:
        raise ApiError(410, "token-expired") from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise ApiError(400, "token-invalid") from error
    user = User.objects.filter(pk=id_).first()
    if user is None or state != state_of(user):
        raise ApiError(400, "token-invalid")
    return user


def state_of(user: User) -> str:
    """What a link is good for: it changes with the password, with the address and when the address is confirmed."""
    words = f"{user.password}:{user.email}:{user.verified_at}"
    return salted_hmac("fruits.web.link", words, algorithm="sha256").hexdigest()[:32]
