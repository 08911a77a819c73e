/** Large files, fetched once: from this browser's cache when they are there, else with progress. */

const CACHE = "fruits-engine";

export type Progress = (loaded: number) => void;

/** `bytes` is the expected length: what a compressed answer says of its own length is another number. */
export async function download(url: string, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await openCache();
  const kept = await cache?.match(url);
  const answer = kept ?? (await fetch(url, { credentials: "same-origin" }));
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const bytes = await read(answer, progress);
  if (!kept && cache) await keep(cache, url, bytes, answer.headers.get("content-type"));
  return bytes;
}

/** Forget every kept file but these. */
export async function forgetOthers(urls: readonly string[]): Promise<void> {
  const cache = await openCache();
  if (!cache) return;
  const wanted = new Set(urls.map((url) => new URL(url, location.href).href));
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
}

export async function forget(url: string): Promise<void> {
  await (await openCache())?.delete(url);
}

/** `null` where there is none: plain HTTP, private windows of some browsers. */
async function openCache(): Promise<Cache | null> {
  try {
    return "caches" in self ? await caches.open(CACHE) : null;
  } catch {
    return null;
  }
}

async function keep(cache: Cache, url: string, bytes: Uint8Array<ArrayBuffer>, type: string | null): Promise<void> {
  try {
    const headers = { "content-type": type ?? "application/octet-stream" };
    await cache.put(url, new Response(bytes, { headers }));
  } catch {
    // A full disk: it will be fetched again next time.
  }
}

async function read(answer: Response, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
  if (!answer.body) return new Uint8Array(await answer.arrayBuffer());
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    loaded += part.value.length;
    progress(loaded);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
