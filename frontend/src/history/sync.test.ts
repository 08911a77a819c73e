import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../api/session";
import type { DeviceScans } from "../api/types";
import { scanOf } from "../testing/scan";
import { json, owner, paths, server, startAfresh, type Sent } from "../testing/server";
import { keepScan, scans } from "./store";
import { syncScans } from "./sync";

const photo = new Blob(["jpeg"], { type: "image/jpeg" });
const ON = { keep: true, improve: false };
const scan = () => scans.get()![0]!;
const ids = ({ body }: Sent) => (body as DeviceScans).scans.map(({ id }) => id);
const taken = () => json({ recognition: scanOf().recognition, correction: { token: "t2" }, scan: { id: "r", photo: { kept: true } } });

beforeEach(async () => {
  await startAfresh();
  server.answers["/api/history"] = () => json({ items: [] });
  server.answers["/api/photos"] = taken;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("syncScans", () => {
  it("sends the answer alone without consent", async () => {
    user.set(owner());
    await keepScan(scanOf({ photo, account: "u" }));
    await syncScans();
    expect(paths()).toEqual(["POST /api/history"]);
    expect(scan()).toMatchObject({ remote: "1", account: "u", kept: false });
    await syncScans();
    expect(server.sent).toHaveLength(1);
  });

  it("sends the photo along with consent, for what was agreed to when it was taken", async () => {
    user.set(owner({ consents: { keep: true, improve: true } }));
    await keepScan(scanOf({ photo, account: "u", consents: ON }));
    await syncScans();
    const form = server.sent[0]!.body as FormData;
    expect([form.get("keep"), form.get("improve")]).toEqual([null, "false"]);
    expect([form.get("id"), form.get("scanned_at")]).toEqual(["1", "2026-11-21T10:00:00.000Z"]);
    expect(scan()).toMatchObject({ remote: "r", token: "t2", kept: true });
  });

  it("sends a photo again under the same id when the answer was lost", async () => {
    let heard = false;
    server.answers["/api/photos"] = () => {
      if (heard) return taken();
      heard = true;
      throw new TypeError("network");
    };
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ photo, account: "u", consents: ON }));
    await syncScans();
    await syncScans();
    expect(server.sent.map(({ body }) => (body as FormData).get("id"))).toEqual(["1", "1"]);
    expect(scan().remote).toBe("r");
  });

  it.each([
    ["taken before its owner signed in", { account: null }],
    ["taken before the switch was turned on", { account: "u" }],
  ])("leaves a photo here that was %s", async (_, made) => {
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ photo, ...made }));
    await syncScans();
    expect(paths()).toEqual(["POST /api/history"]);
  });

  it("leaves a photo here whose switch was turned off since", async () => {
    user.set(owner());
    await keepScan(scanOf({ photo, account: "u", consents: ON }));
    await syncScans();
    expect(paths()).toEqual(["POST /api/history"]);
  });

  it("sends nothing of another account", async () => {
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ photo, account: "other", consents: ON }));
    await syncScans();
    expect(server.sent).toEqual([]);
  });

  it("sends nothing of anybody who is not signed in", async () => {
    await keepScan(scanOf({ photo }));
    await syncScans();
    expect(server.sent).toEqual([]);
  });

  it("sends each photo once when two ask at a time", async () => {
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ id: "a", photo, account: "u", consents: ON }));
    await keepScan(scanOf({ id: "b", photo, account: "u", consents: ON }));
    await Promise.all([syncScans(), syncScans()]);
    expect(paths()).toEqual(["POST /api/photos", "POST /api/photos"]);
  });

  it("looks again for who asks while it runs", async () => {
    user.set(owner());
    await keepScan(scanOf({ id: "a" }));
    const first = syncScans();
    await keepScan(scanOf({ id: "b" }));
    await Promise.all([first, syncScans()]);
    expect(server.sent.flatMap(ids).sort()).toEqual(["a", "b"]);
  });

  it("sends a hundred answers at a time", async () => {
    user.set(owner());
    for (let one = 0; one < 130; one++) await keepScan(scanOf({ id: `s${one}` }));
    await syncScans();
    expect(server.sent.map((sent) => ids(sent).length)).toEqual([100, 30]);
    expect(scans.get()!.every((one) => one.remote === one.id)).toBe(true);
  });

  it("stops when it is too much, and goes on when the server says", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    server.answers["/api/photos"] = () => json({ code: "throttled", message: "…" }, 429, { "Retry-After": "7" });
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ id: "a", photo, account: "u", consents: ON }));
    await keepScan(scanOf({ id: "b", photo, account: "u", consents: ON }));
    await syncScans();
    expect(server.sent).toHaveLength(1);
    server.answers["/api/photos"] = taken;
    await vi.advanceTimersByTimeAsync(6900);
    expect(server.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await vi.waitUntil(() => scans.get()!.every((one) => one.remote));
    expect(server.sent).toHaveLength(3);
  });

  it("does not let one that the server refuses hold back the others", async () => {
    server.answers["/api/history"] = (sent) =>
      ids(sent).includes("s3") ? json({ code: "unknown-species", message: "…" }, 422) : json({ items: [] });
    user.set(owner());
    for (let one = 0; one < 6; one++) await keepScan(scanOf({ id: `s${one}` }));
    await syncScans();
    expect(scans.get()!.filter((one) => !one.remote).map((one) => one.id)).toEqual(["s3"]);
    const asked = server.sent.length;
    await syncScans();
    expect(server.sent).toHaveLength(asked);
  });

  it("sends the answer of a photo that the server does not take", async () => {
    server.answers["/api/photos"] = () => json({ code: "unsupported", message: "…" }, 415);
    user.set(owner({ consents: ON }));
    await keepScan(scanOf({ photo, account: "u", consents: ON }));
    await syncScans();
    expect(paths()).toEqual(["POST /api/photos", "POST /api/history"]);
    expect(scan().remote).toBe("1");
  });
});
