/** Past scans on this device, photos included, in IndexedDB. */

import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Recognition } from "../engine/rule";
import { makeStore, useStore } from "../state/store";

export interface Correction {
  species: string;
  variety: string | null;
}

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
  /** Its id in the account, once it is there. */
  remote: string | null;
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

/** Reads all of it, newest first, for those who watch. */
export async function refresh(): Promise<void> {
  try {
    const all = await (await database()).getAllFromIndex("scans", "at");
    scans.set(all.reverse());
  } catch {
    // A private window may have no database: the scans of this page are then all there is.
    scans.set(scans.get() ?? []);
  }
}

export async function keepScan(scan: Scan): Promise<void> {
  try {
    await (await database()).put("scans", scan);
    await refresh();
  } catch {
    scans.set([scan, ...(scans.get() ?? []).filter((other) => other.id !== scan.id)]);
  }
}

export async function changeScan(id: string, changes: Partial<Scan>): Promise<void> {
  const before = (scans.get() ?? []).find((scan) => scan.id === id);
  if (before) await keepScan({ ...before, ...changes });
}

export async function deleteScan(id: string): Promise<void> {
  scans.set((scans.get() ?? []).filter((scan) => scan.id !== id));
  await (await database()).delete("scans", id);
}

export async function deleteAllScans(): Promise<void> {
  scans.set([]);
  await (await database()).clear("scans");
}

/** `null` while the shelf is being read. */
export const useScans = (): readonly Scan[] | null => useStore(scans);

/** What a scan shows: the person's word before the engine's. */
export function shownSpecies(scan: Scan): string | null {
  if (scan.correction) return scan.correction.species;
  return scan.recognition.is_produce ? scan.recognition.species : null;
}
