import { act, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { user } from "../../api/session";
import { device } from "../../engine/device";
import { language } from "../../i18n/language";
import { owner } from "../../testing/server";
import { recogniseOn } from "../../state/settings";
import { EngineLine } from "./EngineLine";

describe("EngineLine", () => {
  beforeEach(() => {
    language.set("en");
    device.set({ state: "ready" });
    recogniseOn.set("device");
    user.set(null);
  });

  it("says that photos stay where they do", () => {
    render(<EngineLine />);
    const sentence = /^Photos are recognised on this device and stay here; the server sees only files that this browser cannot open\.$/;
    expect(screen.getByText(sentence)).toBeTruthy();
    act(() => user.set(owner()));
    expect(screen.getByText(sentence)).toBeTruthy();
  });

  it("says where they go while the engine is on its way", () => {
    device.set({ state: "loading", share: 0.5 });
    render(<EngineLine />);
    expect(screen.getByText(/50 %.*Photos are recognised by the server, then forgotten/)).toBeTruthy();
  });

  it.each([
    ["cannot run", () => device.set({ state: "unavailable", reason: "WebAssembly" })],
    ["is not wanted", () => recogniseOn.set("server")],
  ])("says that the server looks when the engine %s", (_, happen) => {
    happen();
    render(<EngineLine />);
    expect(screen.getByText("Photos are recognised by the server, then forgotten.")).toBeTruthy();
  });

  it.each([
    ["ready", /^Photos are recognised on this device, or by the server .*, then stored in your account/],
    ["idle", /^Photos are recognised by the server and stored in your account/],
  ] as const)("says that photos are stored once a switch is on (%s)", (state, sentence) => {
    device.set({ state });
    render(<EngineLine />);
    act(() => user.set(owner({ consents: { keep: false, improve: true } })));
    expect(screen.getByText(sentence)).toBeTruthy();
    expect(screen.queryByText(/stay here|forgotten/)).toBeNull();
  });
});
