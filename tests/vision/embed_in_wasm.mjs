// node embed_in_wasm.mjs PACKAGE GRAPH PIXELS SIZE OUT: embeds uint8 images with onnxruntime-web's plain wasm.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packageFolder, graph, pixels, size, out] = process.argv.slice(2);
const ort = createRequire(`${packageFolder}/`)("onnxruntime-web/wasm");
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(graph)), { executionProviders: ["wasm"] });
const bytes = new Uint8Array(readFileSync(pixels));
const side = Number(size);
const image = new ort.Tensor("uint8", bytes, [bytes.length / (side * side * 3), side, side, 3]);
const { embedding } = await session.run({ image });
writeFileSync(out, new Uint8Array(embedding.data.buffer, embedding.data.byteOffset, embedding.data.byteLength));
