import { act, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { user } from "../../api/session";
import { device } from "../../engine/device";
import { language } from "../../i18n/language";
import { owner } from "../../testing/server";
import { EngineLine } from "./EngineLine";

describe("EngineLine", () => {
  beforeEach(() => {
    language.set("en");
    device.set({ state: "ready" });
    user.set(null);
  });

  it("says that photos stay where they do", () => {
    render(<EngineLine />);
    expect(screen.getByText("Photos are recognised on this device and stay here.")).toBeTruthy();
    act(() => user.set(owner()));
    expect(screen.getByText("Photos are recognised on this device and stay here.")).toBeTruthy();
  });

  it.each([
    ["ready", /^Photos are recognised on this device, then stored in your account/],
    ["idle", /^Photos are recognised by the server and stored in your account/],
  ] as const)("says that photos are stored once a switch is on (%s)", (state, sentence) => {
    device.set({ state });
    render(<EngineLine />);
    act(() => user.set(owner({ consents: { keep: false, improve: true } })));
    expect(screen.getByText(sentence)).toBeTruthy();
    expect(screen.queryByText(/stay here|forgotten/)).toBeNull();
  });
});
