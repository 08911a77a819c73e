import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Route, Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { user } from "../../api/session";
import { loadCatalogue } from "../../catalogue/catalogue";
import { keepScan, scans } from "../../history/store";
import { language } from "../../i18n/language";
import { CATALOGUE } from "../../testing/catalogue";
import { recognition, scanOf } from "../../testing/scan";
import { json, owner, paths, server, startAfresh } from "../../testing/server";
import { Answer } from "./Answer";

const far = { id: "far", scanned_at: "2026-11-20T10:00:00Z", source: "device", recognition: recognition(), correction: null, photo: null };
const heading = async () => (await screen.findByRole("heading", { level: 1 })).textContent;
let place: ReturnType<typeof memoryLocation>;

function open(id: string) {
  place = memoryLocation({ path: `/scan/${id}`, record: true });
  render(
    <Router hook={place.hook}>
      <Route path="/scan/:id" component={Answer} />
    </Router>,
  );
}

beforeEach(async () => {
  await startAfresh();
  language.set("en");
  server.answers["/api/config"] = () => json({ catalogue_url: "/api/catalogue?v=1" });
  server.answers["/api/catalogue?v=1"] = () => json({ species: CATALOGUE });
  await loadCatalogue();
  server.sent = [];
  user.set(owner());
  server.answers["/api/history/far"] = () => json(far);
});
afterEach(() => vi.unstubAllGlobals());

describe("the answer to a photo of another device", () => {
  it("shows species, candidates and card", async () => {
    open("far");
    expect(await screen.findByText("93 % sure")).toBeTruthy();
    expect(await heading()).toBe("pear");
    expect(screen.getByRole("heading", { name: "What it feeds" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Other candidates" }));
    expect(screen.getByRole("button", { name: /apple/i })).toBeTruthy();
    expect(screen.queryByRole("img", { name: "Your photo" })).toBeNull();
    expect(scans.get()).toEqual([]);
  });

  it("shows the photo that the account keeps", async () => {
    server.answers["/api/history/far"] = () => json({ ...far, photo: { kept: true } });
    open("far");
    const photo = await screen.findByRole("img", { name: "Your photo" });
    expect(photo.getAttribute("src")).toBe("/api/history/far/photo?size=full");
  });

  it("can be corrected", async () => {
    server.answers["/api/corrections"] = () => json({ id: "c" }, 201);
    open("far");
    await userEvent.click(await screen.findByRole("button", { name: "Other candidates" }));
    await userEvent.click(screen.getByRole("button", { name: /apple/i }));
    await vi.waitFor(async () => expect(await heading()).toBe("apple"));
    expect(server.sent.at(-1)!.body).toEqual({ species: "apple", variety: null, scan: "far" });
    expect(screen.getByText("I had said: pear")).toBeTruthy();
  });

  it("says that nothing was noted when the account cannot be reached", async () => {
    open("far");
    await userEvent.click(await screen.findByRole("button", { name: "Other candidates" }));
    await userEvent.click(screen.getByRole("button", { name: /apple/i }));
    expect(await screen.findByText("Nothing was noted: there is no network.")).toBeTruthy();
    expect(await heading()).toBe("pear");
  });

  it("is deleted once that is confirmed", async () => {
    server.answers["/api/history/far"] = ({ method }) => (method === "GET" ? json(far) : new Response(null, { status: 204 }));
    open("far");
    await userEvent.click(await screen.findByRole("button", { name: "Delete this scan from my account" }));
    expect(paths()).toEqual(["GET /api/history/far"]);
    await userEvent.click(within(screen.getByRole("dialog", { hidden: true })).getByRole("button", { name: "Delete" }));
    await vi.waitFor(() => expect(place.history!.at(-1)).toBe("/history"));
    expect(paths()).toEqual(["GET /api/history/far", "DELETE /api/history/far"]);
  });

  it.each([
    ["is not in the account", () => (server.answers["/api/history/far"] = () => json({ code: "not-found", message: "…" }, 404)), /neither/],
    ["cannot be reached", () => delete server.answers["/api/history/far"], /cannot be reached/],
    ["has no account to be in", () => user.set(null), /not on this device\.$/],
  ])("says so when it %s", async (_, happen, words) => {
    happen();
    open("far");
    await vi.waitFor(async () => expect(await heading()).toMatch(words));
  });
});

it("asks the account for nothing that is here", async () => {
  await keepScan(scanOf({ account: "u", remote: "1" }));
  open("1");
  expect(await heading()).toBe("pear");
  expect(server.sent).toEqual([]);
});
