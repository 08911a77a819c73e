import { afterEach, describe, expect, it, vi } from "vitest";
import { passkeysWork } from "./passkeys";

describe("passkeysWork", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["localhost", true],
    ["fruits.example", true],
    ["10.example", true],
    ["127.0.0.1", false],
    ["192.168.1.20", false],
    ["[::1]", false],
  ])("on %s: %s", (hostname, works) => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("PublicKeyCredential", { parseRequestOptionsFromJSON: () => ({}) });
    vi.stubGlobal("location", { hostname });
    expect(passkeysWork()).toBe(works);
  });
});
