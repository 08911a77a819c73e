"""What a password must be, beyond Django's own rules."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import get_language

from fruits.catalogue import Text
from fruits.web.accounts.models import User
from fruits.web.errors import ApiError

LONGEST = 256
_TOO_LONG = Text(f"At most {LONGEST} characters.", f"Au plus {LONGEST} caractères.")


class MaximumLength:
    """Bounds the work of the hasher."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password of more than 256 characters."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return _TOO_LONG["fr" if (get_language() or settings.LANGUAGE_CODE).startswith("fr") else "en"]


def check_password_rules(password: str, email: str) -> None:
    """Raise ``ApiError`` ``password-weak`` with the sentences of every rule that ``password`` breaks."""
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise ApiError(422, "password-weak", fields={"password": list(error.messages)}) from error
