import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../../api/session";
import { language } from "../../i18n/language";
import { scanOf } from "../../testing/scan";
import { owner, startAfresh } from "../../testing/server";
import type { Scan } from "../../history/store";
import { Whereabouts } from "./Answer";

const show = (changes: Partial<Scan>) => render(<Whereabouts scan={scanOf(changes)} onDelete={vi.fn()} />);

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

  it("promises no deletion in an account that is not open", () => {
    user.set(null);
    show({ remote: "1", account: "u" });
    expect(screen.getByRole("button").textContent).toMatch(/from this device/);
  });
});
