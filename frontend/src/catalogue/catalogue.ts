import { useEffect } from "react";
import { call } from "../api/http";
import { serverConfig } from "../api/config";
import { makeStore, useStore } from "../state/store";
import type { Catalogue } from "../api/types";

export type CatalogueState = { state: "loading" } | { state: "ready"; species: Catalogue } | { state: "failed" };

export const catalogue = makeStore<CatalogueState>({ state: "loading" });

let asked: Promise<void> | null = null;

/** Fetches it once, again after a failure; the service worker keeps it for when there is no network. */
export function loadCatalogue(): Promise<void> {
  asked ??= fetchCatalogue();
  return asked;
}

async function fetchCatalogue(): Promise<void> {
  catalogue.set({ state: "loading" });
  try {
    const { catalogue_url } = await serverConfig();
    const { species } = await call<{ species: Catalogue }>("GET", catalogue_url);
    catalogue.set({ state: "ready", species });
  } catch {
    asked = null;
    catalogue.set({ state: "failed" });
  }
}

/** For a page that needs it: asks for it at once. */
export function useCatalogue(): CatalogueState {
  useEffect(() => void loadCatalogue(), []);
  return useStore(catalogue);
}
