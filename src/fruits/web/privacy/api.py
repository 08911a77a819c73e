"""Operations on one's own data: notice, consents, export, erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from fruits.web.accounts import throttling
from fruits.web.accounts.api import user_json
from fruits.web.accounts.models import User
from fruits.web.accounts.schemas import LanguageIn, PasswordOnlyIn, Strict, UserOut
from fruits.web.accounts.service import confirm_password
from fruits.web.http import SignedIn, refusals, user_of
from fruits.web.privacy import consents, notice
from fruits.web.privacy.erasure import erase
from fruits.web.privacy.export import write_zip
from fruits.web.privacy.journal import audit
from fruits.web.privacy.models import Consent
from fruits.web.recognition import photos
from fruits.web.recognition.catalogue_schemas import TextOut
from fruits.web.recognition.models import Photo

router = Router(tags=["privacy"])
signed_in = SignedIn()

Version = Annotated[str, Field(max_length=32)]


class NoticePart(Schema):
    """A part of the privacy notice."""

    id: str
    title: TextOut
    paragraphs: list[TextOut]


class NoticeOut(Schema):
    """The privacy notice."""

    version: str
    updated: str
    sections: list[NoticePart]


class ConsentShown(Schema):
    """One turn of a switch."""

    kind: str
    granted: bool
    text_version: str
    at: datetime


class ConsentsOut(Schema):
    """Both switches, how many photos are stored, and every turn."""

    keep: bool
    improve: bool
    photos: int
    history: list[ConsentShown]


class Versions(Strict):
    """The versions of the sentences that were read."""

    keep: Version | None = None
    improve: Version | None = None


class ConsentsIn(Strict):
    """The switches to turn."""

    keep: bool | None = None
    improve: bool | None = None
    versions: Versions = Versions()


@router.get("/notice", response={200: NoticeOut, **refusals()})
def read_notice(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """The privacy notice, in both languages."""
    response["Cache-Control"] = "public, max-age=3600"
    parts = notice.sections(settings.CONTROLLER, settings.RETENTION_DAYS, settings.AUDIT_DAYS, settings.MINIMUM_AGE)
    return {"version": notice.VERSION, "updated": notice.UPDATED, "sections": parts}


@router.get("/me/consents", auth=signed_in, response={200: ConsentsOut, **refusals(401)})
def read_consents(request: HttpRequest) -> dict[str, Any]:
    """One's own switches and when they were turned."""
    return _consents(user_of(request))


@router.put("/me/consents", auth=signed_in, response={200: ConsentsOut, **refusals(401, 409, 422)})
def turn_consents(request: HttpRequest, wish: ConsentsIn) -> dict[str, Any]:
    """Turn one's own switches. A photo that no switch covers any more is deleted at once."""
    user = user_of(request)
    wishes = {kind: value for kind in consents.KINDS if (value := getattr(wish, kind)) is not None}
    versions = {kind: value for kind in consents.KINDS if (value := getattr(wish.versions, kind)) is not None}
    with transaction.atomic():
        for kind in consents.turn(user, wishes, versions):
            audit(user, "consent", kind=kind, granted=wishes[kind])
        state = consents.granted(user)
        own = Photo.objects.filter(user=user)
        if not state["keep"]:
            own.update(kept=False)
        if not state["improve"]:
            own.update(improve=False)
        photos.doom(own.filter(kept=False, improve=False))
    return _consents(user)


@router.get(
    "/me/export",
    auth=signed_in,
    response={200: Annotated[bytes, "application/zip"], **refusals(401)},
    openapi_extra={
        "responses": {200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
def export(request: HttpRequest) -> FileResponse:
    """Everything of one's own as a zip: ``data.json``, its ``schema.json``, and the photos."""
    user = user_of(request)
    key = throttling.by_account(user.email, throttling.EXPORT_ACCOUNT)
    throttling.hold(key, throttling.EXPORT_ACCOUNT)
    throttling.count(key)
    audit(user, "export")
    response = FileResponse(write_zip(user), as_attachment=True, filename="fruits.zip", content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response


@router.get("/me", auth=signed_in, response={200: UserOut, **refusals(401)}, tags=["me"])
def me(request: HttpRequest) -> dict[str, Any]:
    """The signed-in person."""
    return user_json(user_of(request))


@router.patch("/me", auth=signed_in, response={200: UserOut, **refusals(401, 422)}, tags=["me"])
def change_language(request: HttpRequest, wish: LanguageIn) -> dict[str, Any]:
    """Change the language of mails."""
    user = user_of(request)
    user.language = wish.language
    user.save(update_fields=["language"])
    return user_json(user)


@router.delete("/me", auth=signed_in, response={204: None, **refusals(401, 422)}, tags=["me"])
def erase_me(request: HttpRequest, wish: PasswordOnlyIn) -> tuple[int, None]:
    """Delete the account and all that belongs to it, for good."""
    user = user_of(request)
    confirm_password(user, wish.password)
    erase(user)
    logout(request)
    return 204, None


def _consents(user: User) -> dict[str, Any]:
    rows = Consent.objects.filter(user=user)
    history = [{name: getattr(row, name) for name in ConsentShown.model_fields} for row in rows]
    state = consents.granted(user)
    return {
        "keep": state["keep"],
        "improve": state["improve"],
        "photos": Photo.objects.filter(user=user).count(),
        "history": history,
    }
