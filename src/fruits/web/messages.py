"""Every sentence that the server says to a person, in English and French, by the code that programs see."""

from __future__ import annotations

from typing import Any

from fruits.catalogue import Language, Text

ERRORS: dict[str, Text] = {
    "bad-request": Text("The request cannot be understood.", "La requête est incompréhensible."),
    "invalid": Text("Some of what was sent is not as expected.", "Certaines données envoyées ne conviennent pas."),
    "csrf": Text(
        "The page is out of date: reload it and try again.", "La page n'est plus à jour : rechargez-la et réessayez."
    ),
    "not-signed-in": Text("Sign in first.", "Connectez-vous d'abord."),
    "wrong-credentials": Text(
        "The e-mail address or the password is not right.", "L'adresse e-mail ou le mot de passe n'est pas bon."
    ),
    "email-unverified": Text(
        "The address is not confirmed yet: we have sent the link again.",
        "L'adresse n'est pas encore confirmée : nous avons renvoyé le lien.",
    ),
    "forbidden": Text("That is not allowed.", "Ce n'est pas autorisé."),
    "not-found": Text("There is nothing here.", "Il n'y a rien ici."),
    "method": Text("That cannot be done here.", "Cela ne peut pas se faire ici."),
    "throttled": Text(
        "Too many attempts: wait {retry_after} seconds and try again.",
        "Trop de tentatives : attendez {retry_after} secondes et réessayez.",
    ),
    "busy": Text("The server is busy: try again in a moment.", "Le serveur est occupé : réessayez dans un instant."),
    "no-model": Text(
        "Recognition is not available on this server.", "La reconnaissance n'est pas disponible sur ce serveur."
    ),
    "too-slow": Text(
        "The upload took too long: try again on a better connection.",
        "L'envoi a pris trop de temps : réessayez avec une meilleure connexion.",
    ),
    "token-invalid": Text("This link or token is not valid.", "Ce lien ou ce jeton n'est pas valable."),
    "token-expired": Text(
        "This link or token has expired: ask for a new one.", "Ce lien ou ce jeton a expiré : demandez-en un nouveau."
    ),
    "password-needed": Text("Enter your password to confirm.", "Entrez votre mot de passe pour confirmer."),
    "password-weak": Text("Choose another password.", "Choisissez un autre mot de passe."),
    "passkey-refused": Text(
        "This passkey does not open an account here.", "Cette clé d'accès n'ouvre pas de compte ici."
    ),
    "passkey-expired": Text("That took too long: start again.", "C'était trop long : recommencez."),
    "too-many-passkeys": Text(
        "You have {limit} passkeys already: remove one first.",
        "Vous avez déjà {limit} clés d'accès : supprimez-en une d'abord.",
    ),
    "too-young": Text(
        "You must be at least {limit} years old to have an account.",
        "Il faut avoir au moins {limit} ans pour ouvrir un compte.",
    ),
    "consent-needed": Text("Turn the switch on in Privacy first.", "Activez d'abord le réglage dans Vie privée."),
    "notice-outdated": Text(
        "The text has changed: read it again, then agree.", "Le texte a changé : relisez-le avant d'accepter."
    ),
    "unknown-species": Text("The catalogue does not know this one.", "Le catalogue ne la connaît pas."),
    "server-error": Text("Something went wrong on our side.", "Quelque chose n'a pas fonctionné de notre côté."),
    "no-photo": Text("There is no photo in what was sent.", "Il n'y a pas de photo dans ce qui a été envoyé."),
    "too-many-parts": Text("Send one photo at a time.", "Envoyez une seule photo à la fois."),
    "too-large": Text(
        "The photo is too large: at most {megabytes} MB.", "La photo est trop lourde : au plus {megabytes} Mo."
    ),
    "too-many-pixels": Text(
        "The photo has too many pixels: at most {megapixels} megapixels for this format.",
        "La photo a trop de pixels : au plus {megapixels} mégapixels pour ce format.",
    ),
    "empty": Text("The file is empty.", "Le fichier est vide."),
    "not-an-image": Text("This file is not a photo.", "Ce fichier n'est pas une photo."),
    "unsupported": Text(
        "This kind of image is not read here: send a JPEG, PNG or WebP.",
        "Ce type d'image n'est pas lu ici : envoyez un JPEG, PNG ou WebP.",
    ),
    "truncated": Text("The photo is cut off: send it again.", "La photo est incomplète : envoyez-la à nouveau."),
    "corrupt": Text("The photo is damaged.", "La photo est abîmée."),
}

SAID: dict[str, Text] = {
    "mail-sent": Text(
        "We have sent a mail to this address. Open its link to go on.",
        "Nous avons envoyé un e-mail à cette adresse. Ouvrez son lien pour continuer.",
    ),
    "password-changed": Text(
        "The password is changed. Sign in with the new one.",
        "Le mot de passe est changé. Connectez-vous avec le nouveau.",
    ),
}


def error_message(code: str, language: Language, **numbers: Any) -> str:
    """The sentence for an error code; a limit in bytes or pixels is shown in millions."""
    limit = numbers.get("limit")
    if isinstance(limit, int):
        numbers |= {"megabytes": round(limit / 2**20) or 1, "megapixels": round(limit / 1e6) or 1}
    return ERRORS[code][language].format(**numbers)
