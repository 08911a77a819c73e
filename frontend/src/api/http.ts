/** One way to talk to the server: JSON in and out, its errors as `ApiError`, the CSRF token kept fresh. */

import { language } from "../i18n/language";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
    /** Seconds to wait before the next try, where the server says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** The server could not be reached at all. */
export class OfflineError extends Error {}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

let csrf: string | null = null;

export function keepToken(token: string): void {
  csrf = token;
}

export async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
  let answer = await send(method, path, body);
  if (answer.status === 403 && (await errorOf(answer.clone())).code === "csrf") {
    csrf = null;
    answer = await send(method, path, body);
  }
  if (!answer.ok) throw await errorOf(answer);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

async function send(method: Method, path: string, body: unknown): Promise<Response> {
  const headers = new Headers({ "Accept-Language": language.get() });
  if (method !== "GET") headers.set("X-CSRFToken", await token());
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers.set("Content-Type", "application/json");
  const content = body === undefined ? null : form ? body : JSON.stringify(body);
  try {
    return await fetch(path, { method, headers, body: content, credentials: "same-origin" });
  } catch (cause) {
    throw new OfflineError(path, { cause });
  }
}

async function token(): Promise<string> {
  if (csrf === null) keepToken((await call<{ csrf_token: string }>("GET", "/api/session")).csrf_token);
  return csrf ?? "";
}

async function errorOf(answer: Response): Promise<ApiError> {
  try {
    const { code, message, fields } = (await answer.json()) as { code: string; message: string; fields?: Record<string, string[]> };
    return new ApiError(answer.status, code, message, fields, Number(answer.headers.get("Retry-After")) || null);
  } catch {
    return new ApiError(answer.status, "server-error", `${answer.status} ${answer.statusText}`);
  }
}
