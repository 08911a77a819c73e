/** Scans of the account that are not on this device: read, corrected and shown without being kept here. */

import { call } from "../api/http";
import type { RemoteScan } from "../api/types";
import { OFF, type Correction, type Scan } from "./store";

/** As a scan of the device; its photo stays in the account. */
export function fromAccount(remote: RemoteScan, owner: string): Scan {
  return {
    id: remote.id,
    at: new Date(remote.scanned_at).toISOString(),
    source: remote.source,
    recognition: remote.recognition,
    photo: null,
    correction: remote.correction,
    token: null,
    account: owner,
    consents: OFF,
    remote: remote.id,
    kept: Boolean(remote.photo),
    owed: false,
  };
}

/** Raises `OfflineError`, `ApiError`. */
export const readAway = async (id: string, owner: string): Promise<Scan> =>
  fromAccount(await call<RemoteScan>("GET", `/api/history/${encodeURIComponent(id)}`), owner);

/** Raises `OfflineError`, `ApiError`: what is not on this device cannot be told later. */
export async function correctAway(id: string, correction: Correction): Promise<void> {
  await call("POST", "/api/corrections", { ...correction, scan: id });
}
