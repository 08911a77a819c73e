import { describe, expect, it } from "vitest";
import { CATALOGUE, PEAR } from "../testing/catalogue";
import { fruitOfTheDay, inSeason, monthRuns } from "./season";

describe("monthRuns", () => {
  it.each([
    [[1, 2, 3, 8, 9, 10, 11, 12], "August to March"],
    [[10], "October"],
    [[1, 2, 11, 12], "November to February"],
    [[3, 4, 6, 7, 8], "March to April, June to August"],
  ])("%j is %s", (months, words) => {
    expect(monthRuns(months, "en")).toBe(words);
  });

  it("speaks French", () => {
    expect(monthRuns([12, 1, 2], "fr")).toBe("décembre à février");
  });
});

describe("the season", () => {
  it("knows the months of a species", () => {
    expect(inSeason(PEAR, new Date(2026, 10, 21))).toBe(true);
    expect(inSeason(PEAR, new Date(2026, 4, 21))).toBe(false);
  });

  it("gives a fruit a day, of those in season, and another the next day", () => {
    const days = [21, 22, 23].map((day) => fruitOfTheDay(CATALOGUE, new Date(2026, 10, day))?.id);
    expect(new Set(days)).toEqual(new Set(["apple", "pear"]));
    expect(days[0]).not.toBe(days[1]);
  });

  it("gives none when nothing is in season", () => {
    expect(fruitOfTheDay({ walnut: CATALOGUE.walnut! }, new Date(2026, 3, 1))).toBeNull();
  });
});
