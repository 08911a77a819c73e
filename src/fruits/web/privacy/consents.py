"""The two switches of a user: each with its sentence and the version of it, each turn written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils import timezone

from fruits.catalogue import Text
from fruits.web.accounts.models import User
from fruits.web.errors import ApiError
from fruits.web.privacy.models import Consent

Kind = Literal["keep", "improve"]
KINDS: tuple[Kind, ...] = ("keep", "improve")


@dataclass(frozen=True)
class Wording:
    """The sentence beside a switch."""

    version: str
    text: Text


WORDINGS: dict[Kind, Wording] = {
    "keep": Wording(
        "2026-11-2",
        Text(
            "Keep my photos in my account, for my history. They are deleted when their time is over (see the notice), "
            "or as soon as I turn this off, unless I let them improve the recognition.",
            "Garder mes photos dans mon compte, pour mon historique. Elles sont supprimées à la fin de leur durée "
            "(voir la notice), ou dès que je désactive ce réglage, sauf si je les laisse améliorer la reconnaissance.",
        ),
    ),
    "improve": Wording(
        "2026-11-1",
        Text(
            "Let my photos and corrections improve the recognition. They are kept without place, name or camera, "
            "and leave the training set as soon as I turn this off.",
            "Laisser mes photos et corrections améliorer la reconnaissance. Elles sont gardées sans lieu, ni nom, ni "
            "appareil, et quittent le jeu d'entraînement dès que je désactive ce réglage.",
        ),
    ),
}


def granted(user: User) -> dict[Kind, bool]:
    """The state of both switches: off until turned on."""
    state: dict[Kind, bool] = dict.fromkeys(KINDS, False)
    for kind, value in Consent.objects.filter(user=user).order_by("at", "id").values_list("kind", "granted"):
        if kind in state:
            state[kind] = value
    return state


def turn(user: User, wishes: dict[Kind, bool], versions: dict[Kind, str]) -> list[Kind]:
    """Turn switches and write it down; return those that changed.

    Raises ``ApiError`` ``notice-outdated`` when a switch is turned on beside a sentence that has changed since.
    """
    before = granted(user)
    changed = [kind for kind in KINDS if kind in wishes and wishes[kind] != before[kind]]
    for kind in changed:
        if wishes[kind] and versions.get(kind) != WORDINGS[kind].version:
            raise ApiError(409, "notice-outdated")
    now = timezone.now()
    Consent.objects.bulk_create(
        Consent(user=user, kind=kind, granted=wishes[kind], text_version=WORDINGS[kind].version, at=now)
        for kind in changed
    )
    return changed
