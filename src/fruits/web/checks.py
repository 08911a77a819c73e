"""Mistakes of deployment that `check` finds: what lies where, and what a browser would refuse."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from fruits.web.middleware import CONTENT_SECURITY_POLICY
from fruits.web.recognition import engine


@register(Tags.security)
def production_is_safe(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """In production: no debugging, a secret of one's own, HTTPS throughout."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on in production", hint="unset FRUITS_WEB_DEBUG", id="fruits.E001"))
    if len(settings.SECRET_KEY) < 50:
        found.append(Error("The secret is too short", hint="set FRUITS_SECRET_KEY", id="fruits.E002"))
    if not settings.SESSION_COOKIE_NAME.startswith("__Host-"):
        found.append(Error("The session cookie is not bound to the host", hint="use HTTPS", id="fruits.E003"))
    if not settings.ORIGIN.startswith("https://"):
        found.append(Error("Links in mails are not HTTPS", hint="set FRUITS_ORIGIN", id="fruits.E004"))
    if "unsafe-inline" in CONTENT_SECURITY_POLICY or "'unsafe-eval'" in CONTENT_SECURITY_POLICY:
        found.append(Error("The content security policy allows inline code", id="fruits.E005"))
    return found


@register(Tags.files, deploy=True)
def parts_are_there(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The built application, the model, a mail server."""
    found: list[CheckMessage] = []
    if not (settings.APP_FOLDER / "index.html").is_file():
        found.append(Caution("The application is not built", hint="npm ci && npm run build", id="fruits.W001"))
    if engine.model_files() is None:
        found.append(Caution("There is no model to recognise with", hint="install fruits again", id="fruits.W002"))
    if settings.PRODUCTION and settings.EMAIL_BACKEND.endswith("FolderBackend"):
        found.append(Caution("Mails are files in a folder", hint="set FRUITS_MAIL=smtp://...", id="fruits.W003"))
    return found
