import { describe, expect, it } from "vitest";
import { CATALOGUE } from "../testing/catalogue";
import { distance, makeSearch, plain } from "./search";

const search = makeSearch(CATALOGUE);
const ids = (query: string) => search(query).map(({ species }) => species.id);

describe("search", () => {
  it.each([
    ["pear", "pear"],
    ["POIRES", "pear"],
    ["poirre", "pear"],
    ["pera", "pear"],
    ["pom", "apple"],
    ["aple", "apple"],
    ["Malus", "apple"],
    ["noix", "walnut"],
    ["wlanut", "walnut"],
  ])("%s finds %s first", (query, id) => {
    expect(ids(query)[0]).toBe(id);
  });

  it("names the variety that was meant", () => {
    const [first] = search("granny");
    expect(first).toMatchObject({ species: { id: "apple" }, variety: { id: "granny-smith" } });
    expect(search("pear")[0]!.variety).toBeNull();
  });

  it.each(["", "  ", "bicycle", "xq"])("%j finds nothing", (query) => {
    expect(ids(query)).toEqual([]);
  });
});

describe("plain", () => {
  it.each([
    ["Noix-de-Pécan", "noix de pecan"],
    ["  Cœur de BŒUF ", "coeur de boeuf"],
    ["pomme d'api", "pomme d api"],
  ])("%j is %j", (name, expected) => {
    expect(plain(name)).toBe(expected);
  });
});

describe("distance", () => {
  it.each([
    ["pear", "pear", 0],
    ["pear", "pera", 1],
    ["pear", "peear", 1],
    ["pear", "bear", 1],
    ["pear", "apple", 3],
  ])("%s to %s is %i, or above the limit", (a, b, slips) => {
    expect(distance(a, b, 2)).toBe(Math.min(slips, 3));
    expect(distance(b, a, 2)).toBe(Math.min(slips, 3));
  });
});
