import type { Language } from "../i18n/language";
import type { Catalogue, Species } from "../api/types";

export const inSeason = (species: Species, when: Date): boolean =>
  species.season?.months.includes(when.getMonth() + 1) ?? false;

/** In season this month, and not all year round: what is worth telling. */
export function fruitOfTheDay(catalogue: Catalogue, when: Date): Species | null {
  const worth = Object.values(catalogue).filter(
    (species) => inSeason(species, when) && species.season!.months.length < 12 && !species.season!.imported && species.kind === "fruit",
  );
  const day = Math.floor((when.getTime() - when.getTimezoneOffset() * 60_000) / 86_400_000);
  return worth[day % worth.length] ?? null;
}

export const monthName = (month: number, language: Language, style: "long" | "narrow" = "long"): string =>
  new Intl.DateTimeFormat(language, { month: style, timeZone: "UTC" }).format(Date.UTC(2024, month - 1, 1));

/** Runs of months, the turn of the year included: "August to March". */
export function monthRuns(months: readonly number[], language: Language): string {
  const has = (month: number) => months.includes(((month + 11) % 12) + 1);
  const to = language === "fr" ? "à" : "to";
  return months
    .filter((month) => !has(month - 1))
    .map((start) => {
      let end = start;
      while (has(end + 1) && end - start < 11) end++;
      const [first, last] = [start, end].map((month) => monthName(((month - 1) % 12) + 1, language));
      return start === end ? first! : `${first} ${to} ${last}`;
    })
    .join(", ");
}
