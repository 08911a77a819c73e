"""What a phone or a security key does for a site: makes a key pair, and signs challenges with it (WebAuthn, 6.3)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from web_browser import PASSWORD, Browser

PRESENT_AND_VERIFIED = 0x01 | 0x04
HAS_CREDENTIAL = 0x40

Json = dict[str, Any]


class Authenticator:
    """One passkey on one device, whose browser says that it is at ``origin``."""

    def __init__(self, origin: str, counting: bool = True, flags: int = PRESENT_AND_VERIFIED) -> None:
        self.origin = origin
        self.counter = 0
        self.counting = counting
        self.flags = flags
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.party = ""
        self.user = b""

    def make(self, options: Json) -> Json:
        """The browser's answer to options for a new passkey."""
        self.party, self.user = options["rp"]["id"], websafe_decode(options["user"]["id"])
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._party(), self.flags | HAS_CREDENTIAL, self.counter, credential)
        said = self._said(CollectedClientData.TYPE.CREATE, options)
        return self._answer(clientDataJSON=said, attestationObject=AttestationObject.create("none", data, {}))

    def sign(self, options: Json) -> Json:
        """The browser's answer to options for a sign-in."""
        self.counter += self.counting
        data = AuthenticatorData.create(self._party(), self.flags, self.counter)
        said = self._said(CollectedClientData.TYPE.GET, options)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature, userHandle=self.user)

    def _party(self) -> bytes:
        return hashlib.sha256(self.party.encode()).digest()

    def _said(self, kind: CollectedClientData.TYPE, options: Json) -> CollectedClientData:
        return CollectedClientData.create(kind, options["challenge"], self.origin)

    def _answer(self, **parts: bytes) -> Json:
        id_ = websafe_encode(self.id)
        response = {name: websafe_encode(part) for name, part in parts.items()}
        return {"id": id_, "rawId": id_, "type": "public-key", "response": response, "clientExtensionResults": {}}


def offered(user: Browser) -> Json:
    """The options for a new passkey of a user."""
    answer = user.post("/api/accounts/passkeys/options", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["options"])


def with_passkey(user: Browser, **how: Any) -> Authenticator:
    """A device with a new passkey of the user's."""
    device = Authenticator(user.address, **how)
    answer = user.post("/api/accounts/passkeys", device.make(offered(user)))
    assert answer.status_code == 201, answer.text
    return device
