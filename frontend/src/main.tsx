import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loadSession, user } from "./api/session";
import { loadCatalogue } from "./catalogue/catalogue";
import { engineOnItsWay } from "./engine/device";
import { startEngine } from "./history/scan";
import { refresh } from "./history/store";
import { syncScans } from "./history/sync";
import { applyTheme, recogniseOn, theme } from "./state/settings";
import "./styles/base.css";
import "./styles/shell.css";

applyTheme();
theme.watch(applyTheme);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

async function sync(): Promise<void> {
  if (user.get()) await syncScans();
}

async function begin(): Promise<void> {
  await Promise.all([refresh(), loadSession()]);
  user.watch(() => void sync());
  await sync();
}

void begin();
recogniseOn.watch(() => void startEngine());
addEventListener("online", () => {
  void loadCatalogue();
  void loadSession().then(syncScans);
  void startEngine();
});

/**
 * Engine, service worker and catalogue come after the page: nothing of them delays what is seen first. A page that needs
 * the catalogue asks for it at once.
 */
async function background(): Promise<void> {
  await startEngine();
  await engineOnItsWay();
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  }
  await loadCatalogue();
}

if (document.readyState === "complete") void background();
else addEventListener("load", () => void background(), { once: true });

// A page from before an update asks for a part that is no longer there: the new page has it.
addEventListener("vite:preloadError", () => {
  if (navigator.onLine) location.reload();
});
