/** A species' figures made ready to be drawn. */

import type { Amount, Species } from "../api/types";

/** Parts that add up to 100 g, from the inside of the cut to its outside. */
export const PARTS = ["fat", "protein", "fibre", "carbohydrate", "rest", "water"] as const;
export type Part = (typeof PARTS)[number];

/** Rows of the table, in the order of European labels. */
export const ROWS = [
  "energy_kcal",
  "fat",
  "carbohydrate",
  "sugars",
  "fibre",
  "protein",
  "vitamin_a",
  "vitamin_c",
  "vitamin_k",
  "folate",
  "potassium",
  "magnesium",
] as const;
export type Nutrient = (typeof ROWS)[number];

/** Regulation (EU) 1169/2011, Annex XIII, part B; what the server gives (part A) comes first. */
const REFERENCE_INTAKES: Readonly<Record<string, number>> = {
  energy_kcal: 2000,
  fat: 70,
  carbohydrate: 260,
  sugars: 90,
  protein: 50,
};

export interface Row {
  nutrient: Nutrient;
  amount: Amount;
  /** Of the reference intake, 1 for all of it; null where there is no reference or no exact figure. */
  share: number | null;
}

const exact = (amount: Amount | undefined): number | null =>
  amount === undefined ? null : amount.bound === "exact" ? amount.value : 0;

/** Grams of each part in 100 g; null when water or carbohydrate is unknown: the picture would lie. */
export function composition(species: Species): Record<Part, number> | null {
  const amounts = species.nutrition?.amounts ?? {};
  const [water, carbohydrate] = [exact(amounts.water), exact(amounts.carbohydrate)];
  if (water === null || carbohydrate === null) return null;
  const known = { water, carbohydrate, fibre: exact(amounts.fibre) ?? 0, protein: exact(amounts.protein) ?? 0, fat: exact(amounts.fat) ?? 0 };
  const sum = Object.values(known).reduce((total, part) => total + part, 0);
  return { ...known, rest: Math.max(0, 100 - sum) };
}

/** The rows for `grams` of the species. */
export function rows(species: Species, grams: number): Row[] {
  const amounts = species.nutrition?.amounts ?? {};
  return ROWS.flatMap((nutrient) => {
    const per100 = amounts[nutrient];
    if (!per100) return [];
    const amount = { ...per100, value: (per100.value * grams) / 100 };
    const reference = species.reference[nutrient]?.value ?? REFERENCE_INTAKES[nutrient];
    return [{ nutrient, amount, share: reference === undefined || per100.bound !== "exact" ? null : amount.value / reference }];
  });
}
