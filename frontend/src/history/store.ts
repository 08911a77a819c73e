/** Past scans on this device, photos included, in IndexedDB. */

import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { User } from "../api/session";
import type { Recognition } from "../engine/rule";
import { makeStore, useStore } from "../state/store";

export interface Correction {
  species: string;
  variety: string | null;
}

export type Switches = User["consents"];

export const OFF: Switches = { keep: false, improve: false };

export interface Scan {
  id: string;
  /** ISO 8601. */
  at: string;
  source: "device" | "server";
  recognition: Recognition;
  /** At most 640 px, without metadata; absent for a scan that came from the account. */
  photo: Blob | null;
  correction: Correction | null;
  /** Lets the server take a correction of a photo that it has forgotten. */
  token: string | null;
  /** The account that it was made in or has been sent to; nobody's: the next to sign in may have its answer. */
  account: string | null;
  /** What that account's switches said when the photo was taken: no later switch sends it. */
  consents: Switches;
  /** Its id in the account, once it is there. */
  remote: string | null;
  /** The server said that it stored the photo. */
  kept: boolean;
  /** A correction that the server has not taken yet. */
  owed: boolean;
}

interface Shelf extends DBSchema {
  scans: { key: string; value: Scan; indexes: { at: string } };
}

export const scans = makeStore<readonly Scan[] | null>(null);

let opened: Promise<IDBPDatabase<Shelf>> | null = null;

function database(): Promise<IDBPDatabase<Shelf>> {
  opened ??= openDB<Shelf>("fruits", 1, {
    upgrade(db) {
      db.createObjectStore("scans", { keyPath: "id" }).createIndex("at", "at");
    },
  });
  return opened;
}

/** Scans that cannot be written (a private window, a full disk): they last as long as the page. */
const loose = new Map<string, Scan>();

/** Reads all of it, newest first, for those who watch. */
export async function refresh(): Promise<void> {
  const all = new Map<string, Scan>();
  for (const scan of [...(await readShelf()), ...loose.values()]) all.set(scan.id, scan);
  scans.set([...all.values()].sort((one, other) => other.at.localeCompare(one.at)));
}

async function readShelf(): Promise<Scan[]> {
  try {
    return await (await database()).getAllFromIndex("scans", "at");
  } catch {
    return [];
  }
}

/** As it is now, whatever another tab has made of it. */
export async function readScan(id: string): Promise<Scan | undefined> {
  try {
    return loose.get(id) ?? (await (await database()).get("scans", id));
  } catch {
    return undefined;
  }
}

export async function keepScan(scan: Scan): Promise<void> {
  await write(scan);
  await refresh();
}

async function write(scan: Scan): Promise<void> {
  try {
    await (await database()).put("scans", scan);
    loose.delete(scan.id);
  } catch {
    loose.set(scan.id, scan);
  }
}

export const changeScan = (id: string, changes: Partial<Scan>): Promise<void> => changeScans([id], () => changes);

/** Those that are gone stay gone. */
export async function changeScans(ids: readonly string[], change: (scan: Scan) => Partial<Scan>): Promise<void> {
  for (const id of ids) await changeOne(id, change);
  await refresh();
}

async function changeOne(id: string, change: (scan: Scan) => Partial<Scan>): Promise<void> {
  const own = loose.get(id);
  if (own) return write({ ...own, ...change(own) });
  const shelf = await shelfOrNone();
  if (!shelf) return;
  // Read and written in one go: two changes of one scan must not undo each other.
  const { store, done } = shelf.transaction("scans", "readwrite");
  const before = await store.get(id);
  if (!before) return;
  const after = { ...before, ...change(before) };
  try {
    await Promise.all([store.put(after), done]);
  } catch {
    loose.set(id, after);
  }
}

export async function deleteScan(id: string): Promise<void> {
  loose.delete(id);
  await (await shelfOrNone())?.delete("scans", id);
  await refresh();
}

export async function deleteAllScans(): Promise<void> {
  loose.clear();
  await (await shelfOrNone())?.clear("scans");
  await refresh();
}

const shelfOrNone = () => database().catch(() => null);

/** `null` while the shelf is being read. */
export const useScans = (): readonly Scan[] | null => useStore(scans);

/** What a scan shows: the person's word before the engine's. */
export function shownSpecies(scan: Scan): string | null {
  if (scan.correction) return scan.correction.species;
  return scan.recognition.is_produce ? scan.recognition.species : null;
}
