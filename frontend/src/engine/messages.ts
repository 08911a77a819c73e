import type { Pixels } from "./resample";
import type { ModelCard, Recognition } from "./rule";

/** What the page asks of the engine's worker. */
export type Request =
  | { kind: "load"; modelUrl: string; cardUrl: string; bytes: number; sha256: string }
  | { kind: "identify"; id: number; pixels: Pixels };

/** What the worker says. */
export type Reply =
  | { kind: "progress"; share: number }
  | { kind: "ready"; card: ModelCard }
  | { kind: "failed"; reason: string }
  | { kind: "answer"; id: number; recognition: Recognition; milliseconds: number }
  | { kind: "refused"; id: number; reason: string };
