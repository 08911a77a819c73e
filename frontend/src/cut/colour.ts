/** Colours of a species as custom properties, and text that reads on them (WCAG 2.2, relative luminance). */

import type { CSSProperties } from "react";
import { cutOf } from "./cuts";

export const DARK_INK = "#101a14";
export const LIGHT_INK = "#ffffff";

export function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

export const inkOn = (ground: string): string =>
  contrast(DARK_INK, ground) >= contrast(LIGHT_INK, ground) ? DARK_INK : LIGHT_INK;

/** Sets --ground, --on-ground and --skin; `flood` in the style sheet uses them. */
export function coloursOf(species: string | null): CSSProperties {
  const { ground, skin } = cutOf(species);
  return { "--ground": ground, "--on-ground": inkOn(ground), "--skin": skin } as CSSProperties;
}
