/** The engine on this device as the page sees it: one worker, started in the background, watched by components. */

import type { Model } from "../api/types";
import { makeStore } from "../state/store";
import type { Reply, Request } from "./messages";
import type { Pixels } from "./resample";
import type { Recognition } from "./rule";

export type DeviceState =
  | { state: "idle" }
  | { state: "loading"; share: number }
  | { state: "ready" }
  | { state: "unavailable"; reason: string };

export interface DeviceAnswer {
  recognition: Recognition;
  milliseconds: number;
}

export const device = makeStore<DeviceState>({ state: "idle" });

interface Waiting {
  resolve(answer: DeviceAnswer): void;
  reject(error: Error): void;
}

let worker: Worker | null = null;
let next = 0;
const waiting = new Map<number, Waiting>();

export const canRun = (): boolean =>
  typeof WebAssembly === "object" && typeof Worker === "function" && typeof createImageBitmap === "function";

export function load(model: Model): void {
  const { state } = device.get();
  if (state === "loading" || state === "ready") return;
  if (!canRun()) {
    device.set({ state: "unavailable", reason: "WebAssembly" });
    return;
  }
  device.set({ state: "loading", share: 0 });
  worker?.terminate();
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
  worker.onerror = (event) => fail(event.message || "the worker did not start");
  const absolute = (url: string) => new URL(url, location.href).href;
  send({
    kind: "load",
    modelUrl: absolute(model.url),
    cardUrl: absolute(model.card_url),
    bytes: model.bytes,
    sha256: model.sha256,
  });
}

/** The answer for one photo; waits for an engine that is still on its way. */
export async function identify(pixels: Pixels): Promise<DeviceAnswer> {
  await ready();
  return new Promise((resolve, reject) => {
    const id = next++;
    waiting.set(id, { resolve, reject });
    send({ kind: "identify", id, pixels });
  });
}

function ready(): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const now = device.get();
      if (now.state === "loading") return;
      stop();
      if (now.state === "ready") resolve();
      else reject(new Error(now.state === "unavailable" ? now.reason : "the engine was not loaded"));
    };
    const stop = device.watch(look);
    look();
  });
}

/** When its files have begun to arrive, or none will. */
export function engineOnItsWay(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const now = device.get();
      if (now.state === "loading" && now.share === 0) return;
      stop();
      resolve();
    };
    const stop = device.watch(look);
    look();
  });
}

function send(request: Request): void {
  worker?.postMessage(request);
}

function hear(reply: Reply): void {
  if (reply.kind === "progress") {
    if (device.get().state === "loading") device.set({ state: "loading", share: reply.share });
  } else if (reply.kind === "ready") device.set({ state: "ready" });
  else if (reply.kind === "failed") fail(reply.reason);
  else {
    const one = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === "answer") one?.resolve({ recognition: reply.recognition, milliseconds: reply.milliseconds });
    else one?.reject(new Error(reply.reason));
  }
}

function fail(reason: string): void {
  device.set({ state: "unavailable", reason });
  for (const one of waiting.values()) one.reject(new Error(reason));
  waiting.clear();
}
