/** The account's side of the history: what the device scanned goes there, what other devices scanned comes here. */

import { ApiError, OfflineError, call } from "../api/http";
import { user } from "../api/session";
import type { DeviceScans, History, PhotoAnswer, RemoteScan } from "../api/types";
import { changeScan, scans, type Correction, type Scan } from "./store";

export type { RemoteScan };

export function sendPhoto(photo: Blob): Promise<PhotoAnswer> {
  const form = new FormData();
  form.append("photo", photo, "photo.jpg");
  return call<PhotoAnswer>("POST", "/api/photos", form);
}

export const remoteHistory = async (): Promise<RemoteScan[]> =>
  (await call<History>("GET", "/api/history?limit=100")).items;

/**
 * Sends what the account does not have yet. With a consent the photo goes along (the server recognises it again);
 * without, only the answer does.
 */
export async function syncScans(): Promise<void> {
  const owner = user.get();
  for (const scan of scans.get() ?? []) {
    try {
      if (owner && !scan.remote) await sendScan(scan, owner.consents.keep || owner.consents.improve);
      if (scan.owed) await sendCorrection(scan.id);
    } catch (error) {
      if (error instanceof OfflineError) return;
      if (!(error instanceof ApiError)) throw error;
      // Refused for good (a token that has expired, a scan that was deleted): the device's own copy stays.
      if (error.status < 500 && error.status !== 429) await changeScan(scan.id, { owed: false });
    }
  }
}

async function sendScan(scan: Scan, withPhoto: boolean): Promise<void> {
  if (withPhoto && scan.photo) {
    const { scan: remote, correction } = await sendPhoto(scan.photo);
    await changeScan(scan.id, { remote: remote?.id ?? null, token: correction.token });
  } else {
    const body: DeviceScans = { scans: [{ id: scan.id, scanned_at: scan.at, recognition: scan.recognition }] };
    await call("POST", "/api/history", body);
    await changeScan(scan.id, { remote: scan.id });
  }
}

/** Tells the server what the person said; kept as owed until it could be told. */
export async function correct(id: string, correction: Correction): Promise<void> {
  await changeScan(id, { correction, owed: true });
  try {
    await sendCorrection(id);
  } catch (error) {
    if (error instanceof ApiError && error.status < 500 && error.status !== 429) await changeScan(id, { owed: false });
    else if (!(error instanceof OfflineError) && !(error instanceof ApiError)) throw error;
  }
}

async function sendCorrection(id: string): Promise<void> {
  const scan = (scans.get() ?? []).find((one) => one.id === id);
  if (!scan?.correction) return;
  const { recognition } = scan;
  const about =
    scan.remote && user.get()
      ? { scan: scan.remote }
      : scan.token
        ? { token: scan.token }
        : { device: { model: recognition.model, species: recognition.species, confidence: recognition.confidence } };
  await call("POST", "/api/corrections", { ...scan.correction, ...about });
  await changeScan(id, { owed: false });
}
