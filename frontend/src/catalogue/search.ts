/** Search in the names of the catalogue, on the device: both languages, prefixes, accents and slips forgiven. */

import type { Catalogue, Species, Variety } from "../api/types";

export interface Found {
  species: Species;
  /** The variety whose name was found, if it was not the species' own. */
  variety: Variety | null;
}

interface Name {
  plain: string;
  species: Species;
  variety: Variety | null;
  /** A species' own names before aliases before varieties, when they match alike. */
  rank: number;
}

const CLOSE_ENOUGH = 0.6;
const PER_SLIP = 0.15;

/** `name` without case, accents, ligatures or marks: as `fruits.catalogue.names.plain` has it. */
export function plain(name: string): string {
  const spread = name.toLowerCase().replaceAll("œ", "oe").replaceAll("æ", "ae").normalize("NFKD");
  return spread.replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

export function makeSearch(catalogue: Catalogue): (query: string) => Found[] {
  const names = Object.values(catalogue).flatMap(namesOf);
  return (query) => {
    const wanted = plain(query);
    if (!wanted) return [];
    const best = new Map<string, { found: Found; score: number }>();
    for (const name of names) {
      const score = likeness(wanted, name.plain) - name.rank / 100;
      if (score < CLOSE_ENOUGH) continue;
      const before = best.get(name.species.id);
      if (!before || score > before.score) best.set(name.species.id, { found: { species: name.species, variety: name.variety }, score });
    }
    return [...best.values()].sort((a, b) => b.score - a.score).map(({ found }) => found);
  };
}

function namesOf(species: Species): Name[] {
  const own = [species.name.en, species.name.fr, species.plural.en, species.plural.fr, species.id];
  const others = [...Object.values(species.aliases).flat(), species.latin];
  const name = (words: string, rank: number, variety: Variety | null = null): Name => ({ plain: plain(words), species, variety, rank });
  return [
    ...own.map((words) => name(words, 0)),
    ...others.map((words) => name(words, 1)),
    ...species.varieties.flatMap((variety) => [
      name(variety.name.en, 2, variety),
      name(variety.name.fr, 2, variety),
      name(`${species.name.en} ${variety.name.en}`, 2, variety),
      name(`${species.name.fr} ${variety.name.fr}`, 2, variety),
    ]),
  ];
}

/** 1 for the same word, less for a beginning, for a later word, for each slip; 0 for another word. */
function likeness(wanted: string, name: string): number {
  if (name === wanted) return 1;
  if (name.startsWith(wanted)) return 0.95;
  if (name.includes(` ${wanted}`)) return 0.9;
  if (wanted.length < 3) return 0;
  const allowed = wanted.length < 5 ? 1 : wanted.length < 9 ? 2 : 3;
  const slips = Math.min(distance(wanted, name, allowed), distance(wanted, name.slice(0, wanted.length), allowed) + 0.5);
  return slips > allowed ? 0 : 0.88 - slips * PER_SLIP * (allowed === 1 ? 1 : 0.6);
}

/** Letters to change, add, drop or swap (optimal string alignment); `limit` + 1 when it is more than that. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [older, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, older[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) > limit) return limit + 1;
    [older, last] = [last, row];
  }
  return last[b.length]!;
}
