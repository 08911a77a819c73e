import type { Catalogue } from "../api/types";
// Three species exactly as `GET /api/catalogue` gives them.
import species from "./species.json";

export const CATALOGUE = species as unknown as Catalogue;
export const PEAR = CATALOGUE.pear!;
