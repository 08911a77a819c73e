import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user } from "../api/session";
import { scanOf } from "../testing/scan";
import { json, owner, paths, server, startAfresh } from "../testing/server";
import { checkKept, correct, deleteAll, deleteRemote, deleteScan, remoteHistory } from "./account";
import { keepScan, scans } from "./store";
import { syncScans } from "./sync";

const scan = () => scans.get()![0]!;
const gone = () => new Response(null, { status: 204 });

beforeEach(startAfresh);
afterEach(() => vi.unstubAllGlobals());

describe("correct", () => {
  it("is told without an account, and without the photo", async () => {
    server.answers["/api/corrections"] = () => json({ id: "c" }, 201);
    await keepScan(scanOf());
    await correct("1", { species: "apple", variety: null });
    expect(server.sent).toEqual([
      {
        method: "POST",
        path: "/api/corrections",
        body: { species: "apple", variety: null, device: { model: "fruits-test", species: "pear", confidence: 0.93 } },
      },
    ]);
    expect(scan()).toMatchObject({ correction: { species: "apple" }, owed: false });
  });

  it("is owed while there is no network, and told later", async () => {
    await keepScan(scanOf({ token: "signed" }));
    await correct("1", { species: "apple", variety: null });
    expect(scan()).toMatchObject({ correction: { species: "apple" }, owed: true });
    server.answers["/api/corrections"] = () => json({ id: "c" }, 201);
    await syncScans();
    expect(server.sent.at(-1)!.body).toEqual({ species: "apple", variety: null, token: "signed" });
    expect(scan().owed).toBe(false);
  });

  it("is not owed for ever when the server refuses it", async () => {
    server.answers["/api/corrections"] = () => json({ code: "token-expired", message: "…" }, 410);
    await keepScan(scanOf({ token: "old" }));
    await correct("1", { species: "apple", variety: null });
    expect(scan()).toMatchObject({ correction: { species: "apple" }, owed: false });
  });
});

describe("deleteScan", () => {
  it("deletes it in the account too", async () => {
    server.answers["/api/history/r"] = gone;
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "u" }));
    await deleteScan("1");
    expect(paths()).toEqual(["DELETE /api/history/r"]);
    expect(scans.get()).toEqual([]);
  });

  it("leaves it here too when the account cannot be told", async () => {
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "u" }));
    await expect(deleteScan("1")).rejects.toThrow("/api/history/r");
    expect(scans.get()).toHaveLength(1);
  });

  it("believes an account that no longer has it", async () => {
    server.answers["/api/history/r"] = () => json({ code: "not-found", message: "…" }, 404);
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "u" }));
    await deleteScan("1");
    expect(scans.get()).toEqual([]);
  });

  it("asks nothing of another's account", async () => {
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "other" }));
    await deleteScan("1");
    expect(server.sent).toEqual([]);
    expect(scans.get()).toEqual([]);
  });

  it("catches a scan that is just being sent", async () => {
    server.answers["/api/history"] = () => new Promise((resolve) => setTimeout(() => resolve(json({ items: [] })), 20));
    server.answers["/api/history/1"] = gone;
    user.set(owner());
    await keepScan(scanOf());
    await Promise.all([syncScans(), vi.waitUntil(() => server.sent.length).then(() => deleteScan("1"))]);
    expect(paths()).toEqual(["POST /api/history", "DELETE /api/history/1"]);
    expect(scans.get()).toEqual([]);
  });
});

describe("deleteAll", () => {
  it("empties the account first, and keeps all when that fails", async () => {
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "u" }));
    await expect(deleteAll()).rejects.toThrow("/api/history");
    expect(scans.get()).toHaveLength(1);
    server.answers["/api/history"] = gone;
    await deleteAll();
    expect(paths().at(-1)).toBe("DELETE /api/history");
    expect(scans.get()).toEqual([]);
  });

  it("asks nobody when nobody is signed in", async () => {
    await keepScan(scanOf());
    await deleteAll();
    expect(server.sent).toEqual([]);
    expect(scans.get()).toEqual([]);
  });
});

describe("the account's history", () => {
  it("is read to its last page", async () => {
    server.answers["/api/history?limit=100"] = () => json({ items: [{ id: "a" }], next: "x/=" });
    server.answers["/api/history?limit=100&before=x%2F%3D"] = () => json({ items: [{ id: "b" }], next: null });
    expect((await remoteHistory()).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("loses one scan at a time", async () => {
    server.answers["/api/history/far"] = gone;
    user.set(owner());
    await deleteRemote("far");
    expect(paths()).toEqual(["DELETE /api/history/far"]);
  });

  it("says when it no longer has a photo", async () => {
    server.answers["/api/history/r"] = () => json({ id: "r", photo: null });
    user.set(owner());
    await keepScan(scanOf({ remote: "r", account: "u", kept: true }));
    await checkKept(scan());
    expect(scan().kept).toBe(false);
  });
});
