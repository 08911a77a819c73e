import { describe, expect, it } from "vitest";
import { sayIn } from "./useWords";
import { WORDS } from "./words";

const names = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("words", () => {
  it.each(Object.entries(WORDS))("%s: both languages say something, with the same parameters", (_, [en, fr]) => {
    expect(en && fr).toBeTruthy();
    expect(names(fr)).toEqual(names(en));
  });

  it("begins no French line with a colon", () => {
    expect(sayIn("fr")("iSaid", { name: "poire" })).toBe("J’avais dit\u00a0: poire");
    expect(sayIn("en")("iSaid", { name: "pear" })).toBe("I had said: pear");
  });

  it("fills in parameters", () => {
    expect(sayIn("fr")("percentSure", { percent: 93 })).toBe("sûr à 93\u00a0%");
    expect(sayIn("en")("found", { count: 3 })).toBe("3 found");
  });
});
