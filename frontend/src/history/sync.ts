/** What the device scanned goes to the account. */

import { ApiError, OfflineError, call } from "../api/http";
import { user, type User } from "../api/session";
import type { DeviceScans } from "../api/types";
import { belongsTo, sendCorrection, sendPhoto } from "./account";
import { alone } from "./alone";
import { OFF, changeScan, changeScans, readScan, refresh, scans, type Scan, type Switches } from "./store";

/** Scans that the server takes at once. */
const MOST = 100;
/** Milliseconds before the next try where the server names no time. */
const PAUSE = 60_000;

let last: Promise<void> = Promise.resolve();
let timer: ReturnType<typeof setTimeout> | undefined;
/** By account and scan; not asked again while this page lasts. */
const refused = new Set<string>();

/**
 * Sends what the account does not have yet. A photo goes along when it was taken in this account with a switch on that
 * is still on (the server recognises it again); of all others only the answer goes. One run at a time: a second call
 * waits for the first and looks again.
 */
export const syncScans = (): Promise<void> => (last = last.then(run, run));

async function run(): Promise<void> {
  clearTimeout(timer);
  await refresh();
  const found = scans.get() ?? [];
  try {
    if (user.get()) await sendAll(found.filter((scan) => !scan.remote).map((scan) => scan.id));
    for (const { id, owed } of found) if (owed) await alone(() => unlessRefused(() => sendCorrection(id)));
  } catch (error) {
    if (error instanceof ApiError && error.status === 429) {
      timer = setTimeout(() => void syncScans(), error.retryAfter === null ? PAUSE : error.retryAfter * 1000);
    } else if (!(error instanceof OfflineError) && !(error instanceof ApiError)) throw error;
  }
}

async function sendAll(ids: readonly string[]): Promise<void> {
  const bare: string[] = [];
  for (const id of ids) {
    if (!(await alone(() => sendWithPhoto(id)))) bare.push(id);
  }
  for (let start = 0; start < bare.length; start += MOST) {
    const batch = bare.slice(start, start + MOST);
    await alone(() => sendAnswers(batch));
  }
}

/** What the photo may be sent for: what was on when it was taken, and is on now. */
function allowed(scan: Scan, owner: User): Switches {
  if (scan.account !== owner.id || !scan.photo) return OFF;
  return { keep: scan.consents.keep && owner.consents.keep, improve: scan.consents.improve && owner.consents.improve };
}

const mayGo = (scan: Scan, owner: User): boolean =>
  !scan.remote && belongsTo(scan, owner.id) && !refused.has(owner.id + scan.id);

/** False when its answer is to go alone. */
async function sendWithPhoto(id: string): Promise<boolean> {
  const owner = user.get();
  const scan = await readScan(id);
  if (!owner || !scan || !mayGo(scan, owner)) return true;
  const consents = allowed(scan, owner);
  if (!scan.photo || !(consents.keep || consents.improve)) return false;
  const { photo } = scan;
  let taken = true;
  await unlessRefused(
    async () => {
      const { scan: made, correction } = await sendPhoto(photo, { ...scan, consents });
      await changeScan(id, { remote: made?.id ?? null, token: correction.token, kept: Boolean(made?.photo) });
    },
    () => (taken = false),
  );
  return taken;
}

async function sendAnswers(ids: readonly string[]): Promise<void> {
  const owner = user.get();
  if (!owner) return;
  const read = await Promise.all(ids.map(readScan));
  const batch = read.filter((scan) => scan !== undefined).filter((scan) => mayGo(scan, owner));
  const sent = batch.map((scan) => scan.id);
  if (!sent.length) return;
  const body: DeviceScans = { scans: batch.map(({ id, at, recognition }) => ({ id, scanned_at: at, recognition })) };
  await unlessRefused(
    async () => {
      await call("POST", "/api/history", body);
      await changeScans(sent, ({ id }) => ({ remote: id, account: owner.id }));
    },
    () => (sent.length === 1 ? refused.add(owner.id + sent[0]) : sendHalves(sent)),
  );
}

/** One scan that the server does not take must not hold back the others. */
async function sendHalves(ids: readonly string[]): Promise<void> {
  const middle = Math.ceil(ids.length / 2);
  await sendAnswers(ids.slice(0, middle));
  await sendAnswers(ids.slice(middle));
}

/** Passes on what stops everything: no network, too many requests, signed out. A server's failure is for another time. */
async function unlessRefused(send: () => Promise<void>, onRefused: () => unknown = () => undefined): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 429 || error.status === 401) throw error;
    if (error.status < 500) await onRefused();
  }
}
