import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, call, OfflineError } from "./http";

const json = (content: unknown, status = 200) => new Response(JSON.stringify(content), { status });
afterEach(() => vi.unstubAllGlobals());

describe("call", () => {
  it("asks for a new token once when the old one is refused", async () => {
    let token = 0;
    const tokens: (string | null)[] = [];
    vi.stubGlobal("fetch", async (path: string, { headers }: { headers: Headers }) => {
      if (path === "/api/session") return json({ csrf_token: `t${++token}` });
      tokens.push(headers.get("X-CSRFToken"));
      return tokens.length === 1 ? json({ code: "csrf", message: "" }, 403) : json({ done: true });
    });
    expect(await call("POST", "/api/x", {})).toEqual({ done: true });
    expect(tokens).toEqual(["t1", "t2"]);
  });

  it("gives the server's error with its code and fields", async () => {
    vi.stubGlobal("fetch", async () => json({ code: "invalid", message: "No.", fields: { email: ["Bad."] } }, 422));
    await expect(call("GET", "/api/x")).rejects.toMatchObject({ status: 422, code: "invalid", message: "No.", fields: { email: ["Bad."] } });
  });

  it("survives an error that is not JSON", async () => {
    vi.stubGlobal("fetch", async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(call("GET", "/api/x")).rejects.toBeInstanceOf(ApiError);
  });

  it("tells no network from an error", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("network");
    });
    await expect(call("GET", "/api/x")).rejects.toBeInstanceOf(OfflineError);
  });
});
