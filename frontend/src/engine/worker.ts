/// <reference lib="webworker" />
/** The engine on the device, in a thread of its own: runtime and model arrive with progress, photos are answered. */

import * as ort from "onnxruntime-web/wasm";
import loaderUrl from "../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs?url";
import runtimeUrl from "../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm?url";
import { download, forget, forgetOthers } from "./download";
import type { Reply, Request } from "./messages";
import { stretch, type Pixels } from "./resample";
import { recognise, type ModelCard } from "./rule";

/** Length of the runtime in bytes, written by the build: progress needs it before the file is here. */
declare const __RUNTIME_BYTES__: number;

interface Engine {
  session: ort.InferenceSession;
  card: ModelCard;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (reply: Reply) => scope.postMessage(reply);
let engine: Engine | null = null;

scope.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.kind === "load") void load(data);
  else void identify(data.id, data.pixels);
};

async function load(request: Extract<Request, { kind: "load" }>): Promise<void> {
  try {
    engine = await open(request);
    say({ kind: "ready", card: engine.card });
    await forgetOthers([runtimeUrl, request.modelUrl, request.cardUrl]);
  } catch (error) {
    say({ kind: "failed", reason: String(error) });
  }
}

async function open({ modelUrl, cardUrl, bytes, sha256 }: Extract<Request, { kind: "load" }>): Promise<Engine> {
  const done = { runtime: 0, model: 0 };
  const report = (part: keyof typeof done) => (loaded: number) => {
    done[part] = loaded;
    say({ kind: "progress", share: Math.min(1, (done.runtime + done.model) / (__RUNTIME_BYTES__ + bytes)) });
  };
  const [runtime, model, card] = await Promise.all([
    download(runtimeUrl, report("runtime")),
    download(modelUrl, report("model")),
    download(cardUrl, () => undefined),
  ]);
  await check(model, sha256, modelUrl);
  ort.env.wasm.wasmPaths = { mjs: loaderUrl };
  ort.env.wasm.wasmBinary = runtime.buffer;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const loaded = { session, card: JSON.parse(new TextDecoder().decode(card)) as ModelCard };
  await run(loaded, new Uint8Array(3 * loaded.card.size ** 2));
  return loaded;
}

/** A model that came damaged is fetched again next time, never run. */
async function check(model: Uint8Array<ArrayBuffer>, sha256: string, url: string): Promise<void> {
  // Plain HTTP has no hashes.
  if (!("subtle" in crypto)) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", model));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found === sha256) return;
  await forget(url);
  throw new Error(`${url} is damaged: its SHA-256 is ${found}`);
}

async function identify(id: number, pixels: Pixels): Promise<void> {
  try {
    if (!engine) throw new Error("the engine is not loaded");
    const start = performance.now();
    const outputs = await run(engine, stretch(pixels, engine.card.size));
    const recognition = recognise(outputs, engine.card);
    say({ kind: "answer", id, recognition, milliseconds: performance.now() - start });
  } catch (error) {
    say({ kind: "refused", id, reason: String(error) });
  }
}

async function run({ session, card }: Engine, pixels: Uint8Array) {
  const feed = new ort.Tensor("uint8", pixels, [1, card.size, card.size, 3]);
  const { species, variety, produce, sure } = await session.run({ pixels: feed }, ["species", "variety", "produce", "sure"]);
  const numbers = (tensor: ort.Tensor | undefined) => tensor?.data as Float32Array;
  return {
    species: numbers(species),
    variety: numbers(variety),
    produce: numbers(produce)[0]!,
    sure: numbers(sure)[0]!,
  };
}
