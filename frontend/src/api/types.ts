/** The server's words by the names that the app uses; `npm run api` writes schema.ts from its OpenAPI document. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Amount = Schemas["Amount"];
export type Config = Schemas["ConfigOut"];
export type Consents = Schemas["ConsentsOut"];
export type Device = Schemas["DeviceOut"];
export type DeviceScans = Schemas["DeviceScans"];
export type History = Schemas["HistoryOut"];
export type Life = Schemas["Life"];
export type Model = Schemas["ModelOut"];
export type NoticeText = Schemas["NoticeOut"];
export type PhotoAnswer = Schemas["PhotoAnswer"];
export type Recognition = Schemas["Recognition"];
export type RemoteScan = Schemas["ScanOut"];
export type Said = Schemas["Said"];
export type Passkey = Schemas["PasskeyOut"];
export type PasskeyOptions = Schemas["PasskeyOptions"];
export type Session = Schemas["SessionOut"];
export type Species = Schemas["SpeciesOut"];
export type User = Schemas["UserOut"];
export type Variety = Schemas["Variety"];
export type Kind = Species["kind"];
export type Catalogue = Schemas["CatalogueOut"]["species"];
