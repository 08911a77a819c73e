import { makeKept } from "./store";

/** Where photos are recognised: on the device when it can, or always by the server. */
export const recogniseOn = makeKept("fruits.recognise", ["device", "server"] as const, "device");

export const theme = makeKept("fruits.theme", ["auto", "light", "dark"] as const, "auto");

/** Shows the chosen theme; "auto" leaves it to the system. */
export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
