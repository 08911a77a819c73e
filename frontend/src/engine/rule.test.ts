import { describe, expect, it } from "vitest";
import { recognise, type ModelCard, type Outputs } from "./rule";

const card: ModelCard = {
  name: "fruits-test",
  size: 160,
  sha256: "",
  bytes: 0,
  species: ["apple", "kiwi", "pear"],
  varieties: [
    ["apple", "golden"],
    ["apple", "granny-smith"],
    ["pear", "anjou"],
  ],
  thresholds: { sure: 0.6, produce: 0.5, variety: 0.4 },
};
const outputs = (changes: Partial<Outputs> = {}): Outputs => ({
  species: Float32Array.of(0.7, 0.1, 0.2),
  variety: Float32Array.of(0.2, 0.5, 0.2),
  produce: 0.9,
  sure: 0.8,
  ...changes,
});

describe("recognise", () => {
  it("names species and variety when it is sure", () => {
    const answer = recognise(outputs(), card);
    expect(answer).toMatchObject({ species: "apple", variety: "granny-smith", sure: true, is_produce: true });
    expect(answer.candidates.map((candidate) => candidate.species)).toEqual(["apple", "pear", "kiwi"]);
    expect(answer.candidates[2]!.variety).toBeNull();
  });

  it("names no variety below its threshold, but still the likeliest one of each candidate", () => {
    const answer = recognise(outputs({ variety: Float32Array.of(0.39, 0.3, 0.2) }), card);
    expect(answer.variety).toBeNull();
    expect(answer.candidates[0]!.variety).toBe("golden");
  });

  it("is not sure below the threshold", () => {
    const answer = recognise(outputs({ sure: 0.59 }), card);
    expect(answer).toMatchObject({ species: "apple", variety: null, sure: false, is_produce: true });
  });

  it("is never sure of what is no produce", () => {
    expect(recognise(outputs({ produce: 0.49, sure: 1 }), card)).toMatchObject({ sure: false, is_produce: false });
  });

  it("holds thresholds as reached, gives as many as asked, and breaks ties by the card's order", () => {
    const tie = outputs({ species: Float32Array.of(0.25, 0.375, 0.375), produce: 0.5, sure: 0.75 });
    const answer = recognise(tie, { ...card, thresholds: { ...card.thresholds, sure: 0.75 } }, 2);
    expect(answer).toMatchObject({ species: "kiwi", sure: true, is_produce: true });
    expect(answer.candidates.map((candidate) => candidate.species)).toEqual(["kiwi", "pear"]);
  });
});
