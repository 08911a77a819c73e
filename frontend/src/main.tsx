import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loadSession, user } from "./api/session";
import { loadCatalogue } from "./catalogue/catalogue";
import { syncScans } from "./history/account";
import { startEngine } from "./history/scan";
import { refresh } from "./history/store";
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
  await Promise.all([loadCatalogue(), refresh(), loadSession()]);
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

// Runtime and model come after the page: nothing of them delays what is seen first.
if (document.readyState === "complete") void startEngine();
else addEventListener("load", () => void startEngine(), { once: true });

// A page from before an update asks for a part that is no longer there: the new page has it.
addEventListener("vite:preloadError", () => {
  if (navigator.onLine) location.reload();
});

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined));
}
