import type { Recognition } from "../api/types";
import { OFF, type Scan } from "../history/store";

export const recognition = (changes: Partial<Recognition> = {}): Recognition => ({
  species: "pear",
  variety: "conference",
  confidence: 0.93,
  sure: true,
  produce: 0.99,
  is_produce: true,
  candidates: [
    { species: "pear", variety: "conference", probability: 0.93 },
    { species: "apple", variety: null, probability: 0.05 },
    { species: "walnut", variety: null, probability: 0.004 },
  ],
  model: "fruits-test",
  ...changes,
});

export const scanOf = (changes: Partial<Scan> = {}): Scan => ({
  id: "1",
  at: "2026-11-21T10:00:00.000Z",
  source: "device",
  recognition: recognition(),
  photo: null,
  correction: null,
  token: null,
  account: null,
  consents: OFF,
  remote: null,
  kept: false,
  owed: false,
  ...changes,
});
