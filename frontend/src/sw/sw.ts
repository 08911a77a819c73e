/// <reference lib="webworker" />
/**
 * The app without network. The shell is kept when this worker is installed; the configuration and the catalogue are
 * asked of the server first and kept as they pass. Runtime and model are kept by the engine's worker. Nothing else of
 * the API is ever kept: what belongs to an account stays with the account.
 */

const scope = self as unknown as ServiceWorkerGlobalScope;

const SHELL = "fruits-shell-__VERSION__";
const DATA = "fruits-data";
/** A list of paths, written by the build. */
const PRECACHE = "__PRECACHE__" as unknown as string[];
const KEPT_DATA = ["/api/config", "/api/catalogue", "/api/notice"];
/** Beyond this a slow network counts as none, in milliseconds, where there is a kept answer. */
const PATIENCE = 4000;

scope.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      await cache.addAll(PRECACHE.map((path) => new Request(path, { cache: "no-cache" })));
      await scope.skipWaiting();
    })(),
  );
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("fruits-shell-") && name !== SHELL);
      await Promise.all(old.map((name) => caches.delete(name)));
      await scope.clients.claim();
    })(),
  );
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (isPage(url.pathname)) event.respondWith(page(request));
  } else if (KEPT_DATA.includes(url.pathname)) event.respondWith(data(request, url));
  else if (PRECACHE.includes(url.pathname)) event.respondWith(shell(request));
});

/** Mirrors the server: every path without a dot outside its own folders is the app. */
function isPage(path: string): boolean {
  return !/^\/(api|model|static|healthz|readyz|metrics)(\/|$)/.test(path) && !path.includes(".");
}

async function page(request: Request): Promise<Response> {
  const kept = await caches.match("/", { cacheName: SHELL });
  return kept ?? fetch(request);
}

async function shell(request: Request): Promise<Response> {
  const kept = await caches.match(request, { cacheName: SHELL, ignoreVary: true });
  return kept ?? fetch(request);
}

async function data(request: Request, url: URL): Promise<Response> {
  const cache = await caches.open(DATA);
  const kept = await cache.match(url.pathname);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok) await cache.put(url.pathname, answer.clone());
    return answer;
  });
  if (!kept) return fresh;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE));
  return Promise.race([fresh.then((answer) => (answer.ok ? answer : kept)).catch(() => kept), late]);
}

export {};
