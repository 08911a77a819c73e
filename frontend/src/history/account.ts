/** What the account is asked and told about scans, one request each. */

import { ApiError, OfflineError, call } from "../api/http";
import { user } from "../api/session";
import type { History, PhotoAnswer, RemoteScan } from "../api/types";
import { alone } from "./alone";
import * as store from "./store";
import type { Correction, Scan } from "./store";

const KINDS = ["keep", "improve"] as const;

/**
 * The server stores the photo as the account's switches say; what is off in `consents` is held back. Sent again under the
 * same id, a photo is stored once.
 */
export function sendPhoto(photo: Blob, { id, at, consents }: Pick<Scan, "id" | "at" | "consents">): Promise<PhotoAnswer> {
  const form = new FormData();
  form.append("photo", photo, "photo.jpg");
  form.append("id", id);
  form.append("scanned_at", at);
  for (const kind of KINDS) if (!consents[kind]) form.append(kind, "false");
  return call<PhotoAnswer>("POST", "/api/photos", form);
}

/** All of it, page by page. */
export async function remoteHistory(): Promise<RemoteScan[]> {
  const all: RemoteScan[] = [];
  let before = "";
  do {
    const { items, next } = await call<History>("GET", `/api/history?limit=100${before && `&before=${encodeURIComponent(before)}`}`);
    all.push(...items);
    before = next ?? "";
  } while (before);
  return all;
}

/** Whether it may be in the history of that account: its own, or nobody's. */
export const belongsTo = (scan: Scan, owner: string): boolean => !scan.account || scan.account === owner;

/** Its id in the account of who is signed in now. */
export function remoteId(scan: Scan): string | null {
  const owner = user.get();
  return owner && belongsTo(scan, owner.id) ? scan.remote : null;
}

/** Where the account's copy of its photo is, if the account that is open now has one. */
export function photoAddress(scan: Scan, size: "thumb" | "full"): string | null {
  const remote = remoteId(scan);
  return remote && scan.kept ? `/api/history/${remote}/photo?size=${size}` : null;
}

/** From the account first: what that cannot do stays on the device too. Raises `OfflineError`, `ApiError`. */
export const deleteScan = (id: string): Promise<void> =>
  alone(async () => {
    const scan = await store.readScan(id);
    const remote = scan && remoteId(scan);
    if (remote) await askToDelete(remote);
    await store.deleteScan(id);
  });

/** Raises `OfflineError`, `ApiError`. */
export const deleteRemote = (id: string): Promise<void> => alone(() => askToDelete(id));

/** Everything of the account, if there is one, then of the device. Raises `OfflineError`, `ApiError`. */
export const deleteAll = (): Promise<void> =>
  alone(async () => {
    if (user.get()) await call("DELETE", "/api/history");
    await store.deleteAllScans();
  });

async function askToDelete(id: string): Promise<void> {
  try {
    await call("DELETE", `/api/history/${id}`);
  } catch (error) {
    // Another device was faster.
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

/** Asks whether the account still has the photo: it may have expired, or a switch may have been turned off. */
export async function checkKept(scan: Scan): Promise<void> {
  const remote = remoteId(scan);
  if (!scan.kept || !remote) return;
  try {
    const { photo } = await call<RemoteScan>("GET", `/api/history/${remote}`);
    if (!photo) await store.changeScan(scan.id, { kept: false });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) await store.changeScan(scan.id, { kept: false });
  }
}

/** Tells the server what the person said; kept as owed until it could be told. */
export async function correct(id: string, correction: Correction): Promise<void> {
  await store.changeScan(id, { correction, owed: true });
  try {
    await sendCorrection(id);
  } catch (error) {
    if (!(error instanceof OfflineError) && !(error instanceof ApiError)) throw error;
  }
}

/** Refused for good (a token that has expired, a scan that was deleted), it is no longer owed. */
export async function sendCorrection(id: string): Promise<void> {
  const scan = await store.readScan(id);
  if (!scan?.correction || !scan.owed) return;
  try {
    await call("POST", "/api/corrections", { ...scan.correction, ...subject(scan) });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) throw error;
  }
  await store.changeScan(id, { owed: false });
}

function subject(scan: Scan) {
  const remote = remoteId(scan);
  if (remote) return { scan: remote };
  if (scan.token) return { token: scan.token };
  const { model, species, confidence } = scan.recognition;
  return { device: { model, species, confidence } };
}
