import { makeKept } from "../state/store";

export type Language = "en" | "fr";
export const LANGUAGES = ["en", "fr"] as const;

/** Words in both languages, as the catalogue gives them. */
export type Text = Readonly<Record<Language, string>>;

const preferred = (): Language =>
  (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => tag === "fr" || tag === "en") === "fr" ? "fr" : "en";

export const language = makeKept<Language>("fruits.language", LANGUAGES, preferred());
