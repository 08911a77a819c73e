/** From a photo to an answer on the shelf: on the device when it can and may, else by the server. */

import { serverConfig } from "../api/config";
import { OfflineError } from "../api/http";
import { user } from "../api/session";
import { device, identify, load } from "../engine/device";
import { prepare, UnreadablePhotoError, type Prepared } from "../engine/photo";
import { recogniseOn } from "../state/settings";
import { sendPhoto } from "./account";
import { OFF, keepScan, type Scan } from "./store";
import { syncScans } from "./sync";

/** Neither the device nor the server can answer now: the word that says why. */
export class NobodyAnswersError extends Error {
  constructor(
    readonly word: "needsNetwork" | "fileNeedsNetwork",
    options?: ErrorOptions,
  ) {
    super(word, options);
  }
}

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

/** `onSending` is told before a file that this browser cannot open leaves the device as it is. */
export async function scan(source: Blob | HTMLVideoElement, onSending: () => void = () => undefined): Promise<Scan> {
  // Whose photo it is, when it was taken and what was said of it, is settled now.
  const { id: account = null, consents = OFF } = user.get() ?? {};
  const photo = { id: newId(), at: new Date().toISOString(), account, consents };
  const prepared = await prepareOrNull(source);
  const file = prepared?.jpeg ?? unopened(source);
  if (!prepared) onSending();
  const answer = await recognise(prepared, file, photo);
  const made: Scan = { ...photo, photo: prepared?.jpeg ?? null, correction: null, owed: false, ...answer };
  await keepScan(made);
  if (user.get() && !made.remote) void syncScans();
  return made;
}

/** What the server may still open; a file of another kind has no business there. */
function unopened(source: Blob | HTMLVideoElement): Blob {
  if (!(source instanceof Blob)) throw new UnreadablePhotoError("the camera gave no picture");
  if (source.type && !source.type.startsWith("image/")) throw new UnreadablePhotoError(source.type);
  return source;
}

type Answer = Pick<Scan, "recognition" | "source" | "token" | "remote" | "kept">;

type Taken = Pick<Scan, "id" | "at" | "consents">;

async function recognise(prepared: Prepared | null, file: Blob, photo: Taken): Promise<Answer> {
  const wanted = recogniseOn.get() === "device" && prepared !== null;
  if (wanted && device.get().state === "ready") return onDevice(prepared);
  try {
    return await onServer(file, photo);
  } catch (error) {
    if (!(error instanceof OfflineError)) throw error;
    const { state } = device.get();
    if (prepared && (state === "loading" || state === "ready")) return onDevice(prepared);
    throw new NobodyAnswersError(prepared ? "needsNetwork" : "fileNeedsNetwork", { cause: error });
  }
}

async function onDevice({ pixels }: Prepared): Promise<Answer> {
  const { recognition } = await identify(pixels);
  return { recognition, source: "device", token: null, remote: null, kept: false };
}

async function onServer(file: Blob, photo: Taken): Promise<Answer> {
  const { recognition, correction, scan: made } = await sendPhoto(file, photo);
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
