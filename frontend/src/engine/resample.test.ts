import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stretch } from "./resample";

interface Case {
  width: number;
  height: number;
  size: number;
  pixels: string;
  answer: string;
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "resample.vectors.json"), "utf8")) as {
  cases: Case[];
};
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

describe("stretch", () => {
  it.each(cases)("is Pillow's, to the bit: $width x $height to $size", ({ width, height, size, pixels, answer }) => {
    const ours = stretch({ data: bytes(pixels), width, height, channels: 3 }, size);
    expect(Buffer.from(ours).equals(Buffer.from(bytes(answer)))).toBe(true);
  });

  it.each(cases)("leaves out a canvas's fourth channel: $width x $height", ({ width, height, size, pixels, answer }) => {
    const rgb = bytes(pixels);
    const rgba = new Uint8ClampedArray(width * height * 4).fill(77);
    for (let i = 0; i < width * height; i++) rgba.set(rgb.subarray(i * 3, i * 3 + 3), i * 4);
    const ours = stretch({ data: rgba, width, height, channels: 4 }, size);
    expect(Buffer.from(ours).equals(Buffer.from(bytes(answer)))).toBe(true);
  });

  it("refuses a picture without pixels", () => {
    expect(() => stretch({ data: new Uint8Array(), width: 0, height: 4, channels: 3 }, 8)).toThrow(RangeError);
  });
});
