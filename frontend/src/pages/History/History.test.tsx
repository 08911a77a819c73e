import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../../api/session";
import { catalogue } from "../../catalogue/catalogue";
import { keepScan, scans } from "../../history/store";
import { language } from "../../i18n/language";
import { announcement } from "../../state/announce";
import { CATALOGUE } from "../../testing/catalogue";
import { recognition, scanOf } from "../../testing/scan";
import { json, owner, paths, server, startAfresh } from "../../testing/server";
import { History } from "./History";

const far = { id: "far", scanned_at: "2026-11-20T10:00:00Z", source: "device", recognition: recognition({ species: "apple" }), correction: null, photo: null };
const button = (name: RegExp) => screen.findByRole("button", { name });

beforeEach(async () => {
  await startAfresh();
  announcement.set("");
  language.set("en");
  catalogue.set({ state: "ready", species: CATALOGUE });
  server.answers["/api/history?limit=100"] = () => json({ items: [far], next: null });
  user.set(owner());
  await keepScan(scanOf({ remote: "1", account: "u" }));
});
afterEach(() => vi.unstubAllGlobals());

async function confirm(opener: RegExp, action: RegExp) {
  await userEvent.click(await button(opener));
  await userEvent.click(within(screen.getByRole("dialog", { hidden: true })).getByRole("button", { name: action }));
}

describe("History", () => {
  it("shows all together, newest first, and opens the answer of each", async () => {
    const later = { ...far, id: "later", scanned_at: "2026-11-22T10:00:00Z" };
    server.answers["/api/history?limit=100"] = () => json({ items: [later, far], next: null });
    render(<History />);
    await screen.findAllByText("from another device");
    const links = within(screen.getByRole("list")).getAllByRole("link");
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["/scan/later", "/scan/1", "/scan/far"]);
  });

  it("shows a scan once whose answer from the account was lost", async () => {
    server.answers["/api/history?limit=100"] = () => json({ items: [{ ...far, id: "1" }], next: null });
    await keepScan(scanOf({ account: "u" }));
    render(<History />);
    await vi.waitFor(() => expect(paths()).toContain("GET /api/history?limit=100"));
    expect(await screen.findAllByRole("listitem")).toHaveLength(1);
    expect(screen.queryByText("from another device")).toBeNull();
  });

  it("says that scans of other devices are missing when the account cannot be reached", async () => {
    delete server.answers["/api/history?limit=100"];
    render(<History />);
    expect(await screen.findByText(/^What your other devices scanned cannot be shown/)).toBeTruthy();
    expect(screen.getAllByRole("listitem")).toHaveLength(1);
  });

  it("deletes a scan of another device", async () => {
    server.answers["/api/history/far"] = () => new Response(null, { status: 204 });
    render(<History />);
    await confirm(/^Delete: apple/, /^Delete$/);
    await vi.waitFor(() => expect(screen.queryByText("from another device")).toBeNull());
    expect(paths()).toContain("DELETE /api/history/far");
    expect(announcement.get()).toBe("Deleted.");
  });

  it("says that nothing was deleted when the account cannot be reached", async () => {
    render(<History />);
    await confirm(/^Delete all/, /^Delete all/);
    expect(await screen.findByText("Nothing was deleted: there is no network.")).toBeTruthy();
    expect(announcement.get()).toBe("");
    expect(scans.get()).toHaveLength(1);
  });
});
