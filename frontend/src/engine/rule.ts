/** From the engine's outputs to an answer: the same rule as `fruits.engine` in Python. */

import type { Recognition } from "../api/types";

export interface ModelCard {
  name: string;
  size: number;
  sha256: string;
  bytes: number;
  species: string[];
  varieties: [species: string, variety: string][];
  thresholds: { sure: number; produce: number; variety: number };
}

export type { Recognition };

export interface Outputs {
  /** Calibrated, one for each species of the card. */
  species: Float32Array;
  /** Joint probability of species and variety, one for each variety of the card. */
  variety: Float32Array;
  produce: number;
  sure: number;
}

export function recognise(outputs: Outputs, card: ModelCard, top = 5): Recognition {
  const { thresholds } = card;
  const order = [...outputs.species.keys()].sort((a, b) => outputs.species[b]! - outputs.species[a]! || a - b);
  const candidates = order.slice(0, top).map((index) => {
    const species = card.species[index]!;
    const best = likeliestVariety(species, outputs.variety, card);
    return { species, variety: best?.variety ?? null, probability: outputs.species[index]! };
  });
  const first = candidates[0];
  const isProduce = outputs.produce >= thresholds.produce;
  const sure = isProduce && outputs.sure >= thresholds.sure;
  const variety = first && likeliestVariety(first.species, outputs.variety, card);
  return {
    species: first?.species ?? null,
    variety: sure && variety && variety.probability >= thresholds.variety ? variety.variety : null,
    confidence: first?.probability ?? 0,
    sure,
    produce: outputs.produce,
    is_produce: isProduce,
    candidates,
    model: card.name,
  };
}

function likeliestVariety(species: string, probabilities: Float32Array, card: ModelCard) {
  let best: { variety: string; probability: number } | null = null;
  card.varieties.forEach(([owner, variety], index) => {
    const probability = probabilities[index]!;
    if (owner === species && (best === null || probability > best.probability)) best = { variety, probability };
  });
  return best as { variety: string; probability: number } | null;
}
