"""Mails to a person, in the person's language; on a machine without SMTP they are files in a folder.

A mail server is spoken to beside the request: the time it takes would tell which addresses have an account.
"""

from __future__ import annotations

import logging
import os
import smtplib
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest

from fruits.catalogue import Language, Text
from fruits.web.http import origin_of

_log = logging.getLogger("fruits.web.mail")

SUBJECTS = {
    "verify": Text("Confirm your address for Fruits!", "Confirmez votre adresse pour Fruits !"),
    "known": Text("You already have a Fruits! account", "Vous avez déjà un compte Fruits !"),
    "reset": Text("Choose a new password for Fruits!", "Choisissez un nouveau mot de passe pour Fruits !"),
    "passkey": Text("A passkey was added to your Fruits! account", "Une clé d'accès à votre compte Fruits !"),
}
BODIES = {
    "verify": Text(
        "Hello,\n\nOpen this link to confirm your address and start your Fruits! account. It works for three days.\n\n"
        "{link}\n\nIf you did not ask for it, do nothing: no account is opened.\n",
        "Bonjour,\n\nOuvrez ce lien pour confirmer votre adresse et ouvrir votre compte Fruits !, sous trois jours.\n\n"
        "{link}\n\nSi vous n'avez rien demandé, ne faites rien : aucun compte ne sera ouvert.\n",
    ),
    "known": Text(
        "Hello,\n\nSomeone, perhaps you, asked for a Fruits! account with this address, which has one already. "
        "If you forgot the password, choose a new one here within the hour:\n\n{link}\n\n"
        "If it was not you, do nothing.\n",
        "Bonjour,\n\nQuelqu'un, vous peut-être, a demandé un compte Fruits ! avec cette adresse, qui en a déjà un. "
        "Si vous avez oublié le mot de passe, choisissez-en un nouveau dans l'heure :\n\n{link}\n\n"
        "Si ce n'était pas vous, ne faites rien.\n",
    ),
    "reset": Text(
        "Hello,\n\nChoose a new password for Fruits! here within the hour:\n\n{link}\n\n"
        "If you did not ask for it, do nothing: the old one still holds.\n",
        "Bonjour,\n\nChoisissez ici, dans l'heure, un nouveau mot de passe pour Fruits ! :\n\n{link}\n\n"
        "Si vous n'avez rien demandé, ne faites rien : l'ancien reste bon.\n",
    ),
    "passkey": Text(
        "Hello,\n\nA passkey was added to your Fruits! account: whoever holds it can sign in without the password.\n\n"
        "If it was not you, remove it here and change your password:\n\n{link}\n",
        "Bonjour,\n\nUne clé d'accès a été ajoutée à votre compte Fruits ! : qui la détient se connecte sans mot de "
        "passe.\n\nSi ce n'était pas vous, supprimez-la ici et changez de mot de passe :\n\n{link}\n",
    ),
}


def send(kind: str, address: str, language: Language, link: str) -> None:
    """Send a mail of ``SUBJECTS``; the log says when a mail server did not take it."""
    message = EmailMessage(SUBJECTS[kind][language], BODIES[kind][language].format(link=link), to=[address])
    message.send()


def link(request: HttpRequest, path: str, token: str) -> str:
    """The address of a page of ours with a token."""
    return f"{origin_of(request)}/{path}?token={token}"


def mail_folder() -> Path:
    """Where mails lie on a machine without SMTP."""
    return Path(settings.HOME) / "mail"


class SmtpBackend(BaseEmailBackend):
    """Django's SMTP in a thread of its own; what waits is sent before the process ends."""

    _thread = ThreadPoolExecutor(1, "mail")
    _places = BoundedSemaphore(1000)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue the mails; return how many. Beyond a thousand that wait they are dropped, which the log says."""
        queued = [message for message in email_messages if self._places.acquire(blocking=False)]
        for message in queued:
            self._thread.submit(self._deliver, message)
        if len(queued) < len(email_messages):
            _log.error("mail not sent: too many are waiting for the mail server")
        return len(queued)

    def _deliver(self, message: EmailMessage) -> None:
        try:
            smtp.EmailBackend().send_messages([message])
        except (OSError, ValueError, smtplib.SMTPException) as error:
            _log.error("mail not sent: %s", type(error).__name__)
        finally:
            self._places.release()


class FolderBackend(BaseEmailBackend):
    """Each mail a file of its own in ``mail_folder()``, readable by the owner alone; for a machine without SMTP."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the mails; return how many."""
        folder = mail_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            words = f"To: {', '.join(message.to)}\nSubject: {message.subject}\n\n{message.body}"
            path = folder / f"{uuid.uuid4().hex}.log"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(words)
        return len(email_messages)
