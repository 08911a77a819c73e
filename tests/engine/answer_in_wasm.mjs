// node answer_in_wasm.mjs FOLDER_OF_ONNXRUNTIME_WEB GRAPH PIXELS SIZE OUT: writes species, produce and sure as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, graph, pixels, size, out] = process.argv.slice(2);
const ort = createRequire(`${folder}/`)("onnxruntime-web/wasm");
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(graph)), { executionProviders: ["wasm"] });
const side = Number(size);
const bytes = new Uint8Array(readFileSync(pixels));
const input = new ort.Tensor("uint8", bytes, [bytes.length / (side * side * 3), side, side, 3]);
const answer = await session.run({ pixels: input });
const said = Object.fromEntries(["species", "produce", "sure"].map((name) => [name, Array.from(answer[name].data)]));
writeFileSync(out, JSON.stringify(said));
