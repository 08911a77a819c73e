import { call } from "../api/http";
import { serverConfig } from "../api/config";
import { makeStore, useStore } from "../state/store";
import type { Catalogue } from "../api/types";

export type CatalogueState = { state: "loading" } | { state: "ready"; species: Catalogue } | { state: "failed" };

export const catalogue = makeStore<CatalogueState>({ state: "loading" });

/** Fetches it once; the service worker keeps it for when there is no network. */
export async function loadCatalogue(): Promise<void> {
  if (catalogue.get().state === "ready") return;
  catalogue.set({ state: "loading" });
  try {
    const { catalogue_url } = await serverConfig();
    const { species } = await call<{ species: Catalogue }>("GET", catalogue_url);
    catalogue.set({ state: "ready", species });
  } catch {
    catalogue.set({ state: "failed" });
  }
}

export const useCatalogue = (): CatalogueState => useStore(catalogue);
