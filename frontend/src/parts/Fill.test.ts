import { expect, it } from "vitest";
import { breakLines } from "./Fill";

it.each([
  ["fig", ["fig"]],
  ["red pear", ["red pear"]],
  ["fruit de la passion", ["fruit de", "la passion"]],
  ["groseille à maquereau", ["groseille", "à maquereau"]],
  ["What fruit is this?", ["What fruit", "is this?"]],
])("%s is set as %j", (words, lines) => {
  expect(breakLines(words)).toEqual(lines);
});
