import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contrast, inkOn } from "./colour";
import { CUTS, PLAIN } from "./cuts";

const data = join(import.meta.dirname, "../../../src/fruits/catalogue/data/species.json");
const species = Object.keys(JSON.parse(readFileSync(data, "utf8")) as object);

describe("cuts", () => {
  it("draws every species of the catalogue and no other", () => {
    expect(Object.keys(CUTS).sort()).toEqual([...species].sort());
  });

  it.each([...Object.entries(CUTS), ["plain", PLAIN] as const])("%s: text reads on its ground", (_, { ground }) => {
    expect(contrast(inkOn(ground), ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(Object.entries(CUTS))("%s: stays in its square and has no broken number", (_, { layers }) => {
    for (const { path } of layers) {
      expect(path).not.toMatch(/NaN|undefined|Infinity/);
      expect(layers.length).toBeGreaterThan(2);
    }
  });
});
