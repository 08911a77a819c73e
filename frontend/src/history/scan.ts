/** From a photo to an answer on the shelf: on the device when it can and may, else by the server. */

import { serverConfig } from "../api/config";
import { OfflineError } from "../api/http";
import { user } from "../api/session";
import { device, identify, load } from "../engine/device";
import { prepare, UnreadablePhotoError, type Prepared } from "../engine/photo";
import { recogniseOn } from "../state/settings";
import { sendPhoto } from "./account";
import { OFF, keepScan, type Scan, type Switches } from "./store";
import { syncScans } from "./sync";

/** Neither the device nor the server can answer now. */
export class NobodyAnswersError extends Error {}

export async function startEngine(): Promise<void> {
  if (recogniseOn.get() !== "device") return;
  try {
    const { model } = await serverConfig();
    if (model) load(model);
    else device.set({ state: "unavailable", reason: "no model" });
  } catch {
    // No network and nothing kept: tried again when the network is back.
  }
}

export async function scan(source: Blob | HTMLVideoElement): Promise<Scan> {
  // Whose photo it is, and what was said of it, is settled now.
  const { id: account = null, consents = OFF } = user.get() ?? {};
  const prepared = await prepareOrNull(source);
  if (!prepared && !(source instanceof Blob)) throw new UnreadablePhotoError("the camera gave no picture");
  const answer = await recognise(prepared, prepared?.jpeg ?? (source as Blob), consents);
  const made: Scan = {
    id: newId(),
    at: new Date().toISOString(),
    photo: prepared?.jpeg ?? null,
    correction: null,
    owed: false,
    account,
    consents,
    ...answer,
  };
  await keepScan(made);
  if (user.get() && !made.remote) void syncScans();
  return made;
}

type Answer = Pick<Scan, "recognition" | "source" | "token" | "remote" | "kept">;

async function recognise(prepared: Prepared | null, file: Blob, consents: Switches): Promise<Answer> {
  const wanted = recogniseOn.get() === "device" && prepared !== null;
  if (wanted && device.get().state === "ready") return onDevice(prepared);
  try {
    return await onServer(file, consents);
  } catch (error) {
    if (!(error instanceof OfflineError)) throw error;
    const { state } = device.get();
    if (prepared && (state === "loading" || state === "ready")) return onDevice(prepared);
    throw new NobodyAnswersError("no engine and no network", { cause: error });
  }
}

async function onDevice({ pixels }: Prepared): Promise<Answer> {
  const { recognition } = await identify(pixels);
  return { recognition, source: "device", token: null, remote: null, kept: false };
}

async function onServer(file: Blob, consents: Switches): Promise<Answer> {
  const { recognition, correction, scan: made } = await sendPhoto(file, consents);
  return { recognition, source: "server", token: correction.token, remote: made?.id ?? null, kept: Boolean(made?.photo) };
}

async function prepareOrNull(source: Blob | HTMLVideoElement): Promise<Prepared | null> {
  try {
    return await prepare(source);
  } catch (error) {
    if (error instanceof UnreadablePhotoError) return null;
    throw error;
  }
}

/** A random UUID; `crypto.randomUUID` itself needs a secure context. */
function newId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
