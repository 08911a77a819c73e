import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./plugins/compress.ts";
import { serviceWorker } from "./plugins/serviceWorker.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const out = path("../src/fruits/web/static/app");
const runtime = path("./node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");
/** `fruits serve` while developing. */
const server = process.env.FRUITS_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  define: { __RUNTIME_BYTES__: statSync(runtime).size },
  plugins: [react(), serviceWorker(path("./public")), compress(out)],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { app: path("./index.html"), sw: path("./src/sw/sw.ts") },
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": server, "/model": server } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
  },
});
