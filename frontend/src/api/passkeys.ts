/** Passkeys: the person unlocks the device, the device signs; options and answers are WebAuthn's own JSON. */

import { call } from "./http";
import { keepSession } from "./session";
import type { Passkey, PasskeyOptions, Session } from "./types";

/** The device made or signed nothing: the person said no, waited too long, or has none for this site. */
export class PasskeyError extends Error {}

/** A passkey belongs to a host name: an IP address can have none. */
const isAddress = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

export const passkeysWork = (): boolean =>
  !isAddress(location.hostname) && window.isSecureContext && "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

export const listPasskeys = () => call<Passkey[]>("GET", "/api/accounts/passkeys");

export const removePasskey = (id: string) => call("DELETE", `/api/accounts/passkeys/${id}`);

export async function addPasskey(password: string): Promise<void> {
  const { options } = await call<PasskeyOptions>("POST", "/api/accounts/passkeys/options", { password });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  await call("POST", "/api/accounts/passkeys", await answer(navigator.credentials.create({ publicKey })));
}

export async function signInWithPasskey(): Promise<void> {
  const { options } = await call<PasskeyOptions>("POST", "/api/accounts/sign-in/passkey/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  const signed = await answer(navigator.credentials.get({ publicKey }));
  keepSession(await call<Session>("POST", "/api/accounts/sign-in/passkey", signed));
}

async function answer(asked: Promise<Credential | null>): Promise<unknown> {
  try {
    const credential = await asked;
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (cause) {
    throw new PasskeyError("the device refused", { cause });
  }
  throw new PasskeyError("no credential");
}
