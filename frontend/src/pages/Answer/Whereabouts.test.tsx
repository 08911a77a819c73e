import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../../api/session";
import { language } from "../../i18n/language";
import { scanOf } from "../../testing/scan";
import { owner, startAfresh } from "../../testing/server";
import type { Scan } from "../../history/store";
import { Whereabouts } from "./Whereabouts";

const photo = new Blob(["jpeg"], { type: "image/jpeg" });
const show = (changes: Partial<Scan>, away = false) =>
  render(<Whereabouts scan={scanOf({ photo, ...changes })} away={away} onDelete={vi.fn()} />);

describe("Whereabouts", () => {
  beforeEach(async () => {
    await startAfresh();
    language.set("en");
    user.set(owner({ consents: { keep: true, improve: true } }));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("believes the switches of nobody, only the server's word", () => {
    show({ remote: "1", account: "u" });
    expect(screen.getByText(/on this device only/)).toBeTruthy();
  });

  it("says that a photo is kept when the server has said so", () => {
    show({ remote: "1", account: "u", kept: true });
    expect(screen.getByText(/kept in your account/)).toBeTruthy();
  });

  it("claims no copy of a photo that only the server could open", () => {
    show({ source: "server", photo: null });
    expect(screen.getByText(/No copy of your photo was kept/)).toBeTruthy();
  });

  it("does not call another device's scan this device's", () => {
    show({ remote: "1", account: "u", photo: null }, true);
    expect(screen.getByText(/Recognised on another device\. Your photo is not in your account/)).toBeTruthy();
    expect(screen.getByRole("button").textContent).toMatch(/from my account/);
  });

  it("promises no deletion in an account that is not open", () => {
    user.set(null);
    show({ remote: "1", account: "u" });
    expect(screen.getByRole("button").textContent).toMatch(/from this device/);
  });
});
