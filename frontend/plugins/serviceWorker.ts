import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const LIST = "__PRECACHE__";
const VERSION = "__VERSION__";
/** The runtime is large and the engine's worker keeps it itself; a service worker does not keep itself. */
const LEFT_OUT = /\.(wasm|map)$|^sw\.js$|^icons\/icon-(192|512|maskable)/;

/** Writes into sw.js which files the app needs without network, and a version that changes with any of them. */
export function serviceWorker(publicFolder: string): Plugin {
  return {
    name: "fruits-service-worker",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = bundle["sw.js"];
        if (worker?.type !== "chunk") throw new Error("the build made no sw.js");
        const publicFiles = readdirSync(publicFolder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(publicFolder.length + 1));
        const names = [...Object.keys(bundle), ...publicFiles].filter((name) => !LEFT_OUT.test(name)).sort();
        const hash = createHash("sha256");
        for (const name of names) {
          const made = bundle[name];
          const content = made ? (made.type === "chunk" ? made.code : made.source) : readFileSync(join(publicFolder, name));
          hash.update(name).update(content);
        }
        const paths = names.map((name) => (name === "index.html" ? "/" : `/${name}`));
        worker.code = worker.code
          .replaceAll(new RegExp(`["'\`]${LIST}["'\`]`, "g"), JSON.stringify(paths))
          .replaceAll(VERSION, hash.digest("hex").slice(0, 12));
      },
    },
  };
}
