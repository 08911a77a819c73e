import { useSyncExternalStore } from "react";

/** A value that components can watch. */
export interface Store<T> {
  get(): T;
  set(value: T): void;
  watch(listener: () => void): () => void;
}

export function makeStore<T>(first: T): Store<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, store.get);
}

/** A store that outlives the page where the browser lets it; what it holds is checked when it is read. */
export function makeKept<T extends string>(key: string, allowed: readonly T[], first: T): Store<T> {
  const kept = readKept(key);
  const store = makeStore<T>(allowed.find((value) => value === kept) ?? first);
  return {
    ...store,
    set(value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        // Storage may be forbidden or full: the choice then lasts as long as the page.
      }
      store.set(value);
    },
  };
}

function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
