import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(m?js|css|html|svg|json|webmanifest|wasm)$/;
/** Above this many bytes Brotli's best takes half a minute and gains little. */
const LARGE = 2 ** 20;

/** Writes NAME.br and NAME.gz beside every file that shrinks: the server sends what the browser takes. */
export function compress(folder: string): Plugin {
  return {
    name: "fruits-compress",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXT.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        const quality = bytes.length > LARGE ? 9 : constants.BROTLI_MAX_QUALITY;
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
