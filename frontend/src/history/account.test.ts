import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { user, type User } from "../api/session";
import { scanOf } from "../testing/scan";
import { correct, syncScans } from "./account";
import { deleteAllScans, keepScan, refresh, scans } from "./store";

interface Sent {
  method: string;
  path: string;
  body: unknown;
}

let sent: Sent[] = [];
let answers: Record<string, () => Response> = {};
const json = (content: unknown, status = 200) => new Response(JSON.stringify(content), { status });
const owner = (consents: User["consents"]): User => ({ id: "u", email: "a@b.c", language: "en", region: "eu", created_at: "2026-11-21T10:00:00Z", consents });
const scan = () => scans.get()![0]!;

beforeEach(async () => {
  sent = [];
  answers = { "/api/session": () => json({ csrf_token: "t", user: null, language: "en" }) };
  vi.stubGlobal("fetch", async (path: string, options: RequestInit = {}) => {
    const body = typeof options.body === "string" ? (JSON.parse(options.body) as unknown) : options.body;
    if (path !== "/api/session") sent.push({ method: options.method ?? "GET", path, body });
    const answer = answers[path];
    if (!answer) throw new TypeError("network");
    return answer();
  });
  user.set(null);
  await deleteAllScans();
  await refresh();
});
afterEach(() => vi.unstubAllGlobals());

describe("correct", () => {
  it("is told without an account, and without the photo", async () => {
    answers["/api/corrections"] = () => json({ id: "c" }, 201);
    await keepScan(scanOf());
    await correct("1", { species: "apple", variety: null });
    expect(sent).toEqual([
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
    answers["/api/corrections"] = () => json({ id: "c" }, 201);
    await syncScans();
    expect(sent.at(-1)!.body).toEqual({ species: "apple", variety: null, token: "signed" });
    expect(scan().owed).toBe(false);
  });

  it("is not owed for ever when the server refuses it", async () => {
    answers["/api/corrections"] = () => json({ code: "token-expired", message: "…" }, 410);
    await keepScan(scanOf({ token: "old" }));
    await correct("1", { species: "apple", variety: null });
    expect(scan()).toMatchObject({ correction: { species: "apple" }, owed: false });
  });
});

describe("syncScans", () => {
  const photo = new Blob(["jpeg"], { type: "image/jpeg" });

  it("sends the answer alone without consent", async () => {
    answers["/api/history"] = () => json({ items: [] });
    user.set(owner({ keep: false, improve: false }));
    await keepScan(scanOf({ photo }));
    await syncScans();
    expect(sent.map((one) => one.path)).toEqual(["/api/history"]);
    expect(scan().remote).toBe("1");
    await syncScans();
    expect(sent).toHaveLength(1);
  });

  it("sends the photo along with consent", async () => {
    // Node's clone does not know jsdom's Blob.
    vi.stubGlobal("structuredClone", (value: object) => ({ ...value }));
    answers["/api/photos"] = () => json({ recognition: scanOf().recognition, correction: { token: "t2" }, scan: { id: "r" } });
    user.set(owner({ keep: true, improve: false }));
    await keepScan(scanOf({ photo }));
    await syncScans();
    expect(sent[0]!.body).toBeInstanceOf(FormData);
    expect(scan()).toMatchObject({ remote: "r", token: "t2" });
  });

  it("sends nothing of anybody who is not signed in", async () => {
    await keepScan(scanOf({ photo }));
    await syncScans();
    expect(sent).toEqual([]);
  });
});
