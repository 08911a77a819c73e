import { vi } from "vitest";
import { user, type User } from "../api/session";
import { deleteAllScans, refresh } from "../history/store";

export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

export const json = (content: unknown, status = 200, headers: Record<string, string> = {}) => new Response(JSON.stringify(content), { status, headers });

/** What is asked of the server, and what it answers by path; a path without an answer has no network. */
export const server: { sent: Sent[]; answers: Record<string, Answer> } = { sent: [], answers: {} };

export const paths = () => server.sent.map(({ method, path }) => `${method} ${path}`);

/** An empty shelf, nobody signed in, no network but for the session. */
export async function startAfresh(): Promise<void> {
  server.sent = [];
  server.answers = { "/api/session": () => json({ csrf_token: "t", user: null, language: "en" }) };
  vi.stubGlobal("fetch", async (path: string, options: RequestInit = {}) => {
    const body = typeof options.body === "string" ? (JSON.parse(options.body) as unknown) : options.body;
    const sent = { method: options.method ?? "GET", path, body };
    if (path !== "/api/session") server.sent.push(sent);
    const answer = server.answers[path];
    if (!answer) throw new TypeError("network");
    return answer(sent);
  });
  // Node's clone does not know jsdom's Blob.
  vi.stubGlobal("structuredClone", (value: unknown) => (value && typeof value === "object" ? { ...value } : value));
  user.set(null);
  await deleteAllScans();
  await refresh();
}

export const owner = (changes: Partial<User> = {}): User => ({
  id: "u",
  email: "a@b.c",
  language: "en",
  region: "eu",
  created_at: "2026-11-21T10:00:00Z",
  consents: { keep: false, improve: false },
  ...changes,
});
