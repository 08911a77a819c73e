import { makeStore, useStore } from "../state/store";
import { call, keepToken } from "./http";
import type { Session, User } from "./types";

export type { User };

/** `undefined` until the server has said; `null` when nobody is signed in. */
export const user = makeStore<User | null | undefined>(undefined);

export const useUser = (): User | null | undefined => useStore(user);

export function keepSession(session: Session): void {
  keepToken(session.csrf_token);
  user.set(session.user);
}

export async function loadSession(): Promise<void> {
  try {
    keepSession(await call<Session>("GET", "/api/session"));
  } catch {
    user.set(user.get() ?? null);
  }
}

export const signIn = async (email: string, password: string) =>
  keepSession(await call<Session>("POST", "/api/accounts/sign-in", { email, password }));

export const signOut = async () => keepSession(await call<Session>("POST", "/api/accounts/sign-out"));

export const verify = async (token: string, password?: string) =>
  keepSession(await call<Session>("POST", "/api/accounts/verify", password === undefined ? { token } : { token, password }));

export const changePassword = async (current: string, chosen: string) =>
  keepSession(await call<Session>("POST", "/api/accounts/password", { current, new: chosen }));

export async function eraseAccount(password: string): Promise<void> {
  await call("DELETE", "/api/me", { password });
  user.set(null);
  await loadSession();
}
