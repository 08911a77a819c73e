"""The privacy notice (GDPR, article 13), in both languages, under the version that a user agrees to."""

from __future__ import annotations

from typing import Any

VERSION = "2026-11-4"
UPDATED = "2026-11-21"


def sections(controller: str, retention_days: int, audit_days: int, minimum_age: int) -> list[dict[str, Any]]:
    """The notice's parts: an id, a title and paragraphs, each in English and French.

    controller: who runs the site, with address and contact; empty on a machine of one's own.
    """
    months, audit_months = round(retention_days / 30.4), round(audit_days / 30.4)
    english, french = controller or "the owner of this computer", controller or "le propriétaire de cet ordinateur"
    return [
        _part(
            "who",
            ("Who we are", "Qui nous sommes"),
            (
                f"This site is run by {english}, who decides why and how your data are used.",
                f"Ce site est géré par {french}, qui décide pourquoi et comment vos données sont utilisées.",
            ),
        ),
        _part(
            "photos",
            ("Your photos", "Vos photos"),
            (
                "Your phone recognises a photo by itself when it can: the photo does not leave it. When the server "
                "does it, the photo is read in memory and forgotten at once.",
                "Votre téléphone reconnaît la photo lui-même quand il le peut : elle ne le quitte pas. Quand le "
                "serveur s'en charge, elle est lue en mémoire et aussitôt oubliée.",
            ),
            (
                "We keep a photo only if you have an account and turned on one of two switches, both off at first: "
                "“keep my photos” and “improve the recognition”. A kept photo is made anew from its "
                "pixels: no place, no camera, no file name.",
                "Nous ne gardons une photo que si vous avez un compte et avez activé l'un des deux réglages, inactifs "
                "au départ : « garder mes photos » et « améliorer la reconnaissance ». Une photo gardée est refaite à "
                "partir de ses pixels : ni lieu, ni appareil, ni nom de fichier.",
            ),
        ),
        _part(
            "account",
            ("Your account", "Votre compte"),
            (
                "An account holds your e-mail address, a hash of your password, the public half of your passkeys, your "
                "language, the browsers in which you are signed in, your history, your corrections and your choices. "
                "You can use everything but the shared history without one. "
                f"You must be at least {minimum_age} to open it.",
                "Un compte contient votre adresse e-mail, une empreinte de votre mot de passe, la moitié publique de "
                "vos clés d'accès, votre langue, les navigateurs où vous êtes connecté, votre historique, vos "
                "corrections et vos choix. Tout marche sans compte, sauf l'historique partagé. "
                f"Il faut avoir au moins {minimum_age} ans pour en ouvrir un.",
            ),
        ),
        _part(
            "grounds",
            ("Why we may", "Sur quelle base"),
            (
                "The account: the contract with you (article 6.1.b of the GDPR). Keeping photos and improving the "
                "recognition: your consent (6.1.a), which you withdraw with the same switch. Security (a log of "
                "what was done, under a pseudonym; limits on attempts): our legitimate interest (6.1.f).",
                "Le compte : le contrat avec vous (article 6.1.b du RGPD). Garder des photos et améliorer la "
                "reconnaissance : votre consentement (6.1.a), retiré par le même réglage. La sécurité (un journal des "
                "actions sous pseudonyme, des limites aux tentatives) : notre intérêt légitime (6.1.f).",
            ),
        ),
        _part(
            "time",
            ("How long", "Combien de temps"),
            (
                f"Photos: {months} months, or until you turn the switch off, delete them or delete the account. "
                "History and corrections: until you delete them or the account. Sign-ins: 30 days. The security log: "
                f"{audit_months} months, and without a way back to you from the day the account is deleted.",
                f"Photos : {months} mois, ou jusqu'à ce que vous désactiviez le réglage, les supprimiez ou supprimiez "
                "le compte. Historique et corrections : jusqu'à ce que vous les supprimiez ou supprimiez le compte. "
                f"Connexions : 30 jours. Journal de sécurité : {audit_months} mois, sans retour possible vers vous dès "
                "la suppression du compte.",
            ),
        ),
        _part(
            "where",
            ("Where, and who sees it", "Où, et qui y a accès"),
            (
                "In the European Union, with our hosting provider, which acts on our orders. We sell and share "
                "nothing, and use no advertising and no tracker; the only cookies keep you signed in and guard forms.",
                "Dans l'Union européenne, chez notre hébergeur, qui agit sur nos instructions. Nous ne vendons ni ne "
                "partageons rien, sans publicité ni traceur ; les seuls cookies gardent votre connexion et protègent "
                "les formulaires.",
            ),
        ),
        _part(
            "rights",
            ("Your rights", "Vos droits"),
            (
                "On the Privacy page you can see and download everything (articles 15 and 20), correct it (16), "
                "delete it all at once (17) and withdraw your consent (7). You can also write to us, object (21), and "
                "complain to the CNIL (cnil.fr).",
                "À la page Vie privée, vous pouvez tout voir et télécharger (articles 15 et 20), corriger (16), tout "
                "supprimer d'un coup (17) et retirer votre consentement (7). Vous pouvez aussi nous écrire, vous "
                "opposer (21) et saisir la CNIL (cnil.fr).",
            ),
            (
                "No decision about you is made by a machine: the recognition is about fruit.",
                "Aucune décision vous concernant n'est prise par une machine : la reconnaissance porte sur les fruits.",
            ),
        ),
    ]


def _part(id_: str, title: tuple[str, str], *paragraphs: tuple[str, str]) -> dict[str, Any]:
    pairs = [{"en": en, "fr": fr} for en, fr in (title, *paragraphs)]
    return {"id": id_, "title": pairs[0], "paragraphs": pairs[1:]}
