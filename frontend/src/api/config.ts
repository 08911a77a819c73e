import { call } from "./http";
import type { Config } from "./types";

export type { Config };

let asked: Promise<Config> | null = null;

/** The server's configuration, asked once; asked again after a failure. */
export function serverConfig(): Promise<Config> {
  asked ??= call<Config>("GET", "/api/config").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}
