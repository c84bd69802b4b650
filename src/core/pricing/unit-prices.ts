import type { OtherUnit } from "../usage/other-units.ts";
import type { PriceKey } from "./price-figures.ts";

/** How a count other than of tokens is priced, and what its price is told by. */
export interface UnitPrice {
  readonly key: PriceKey;
  /** How many of the unit the figure in atto is for: 1, or the milliseconds of an hour. */
  readonly units: bigint;
  readonly per: PerUnit;
  /** Digits after the point that make the figure in atto one of USD per `per`. */
  readonly scale: number;
}

export type PerUnit = "million tokens" | "thousand" | "million characters" | "billion pixels" | "hour" | "seat";

const THOUSAND = { units: 1n, per: "thousand", scale: 15 } as const;
const HOUR = { units: 3_600_000n, per: "hour", scale: 18 } as const;

/** Requests are priced with the call itself, of which there is one without saying so. */
export const UNIT_PRICES: Readonly<Record<Exclude<OtherUnit, "requests">, UnitPrice>> = {
  input_audio_ms: { key: "input_audio_hours", ...HOUR },
  output_audio_ms: { key: "output_audio_hours", ...HOUR },
  input_characters: { key: "input_mchars", units: 1n, per: "million characters", scale: 12 },
  input_images: { key: "input_images_kcount", ...THOUSAND },
  output_images: { key: "output_images_kcount", ...THOUSAND },
  input_pixels: { key: "input_gpixels", units: 1n, per: "billion pixels", scale: 9 },
  document_pages: { key: "input_document_kpages", ...THOUSAND },
  annotated_pages: { key: "input_annotated_document_kpages", ...THOUSAND },
  input_text_messages: { key: "input_text_messages_kcount", ...THOUSAND },
  rerank_searches: { key: "rerank_searches_kcount", ...THOUSAND },
  classifications: { key: "classifications_kcount", ...THOUSAND },
  social_searches: { key: "social_searches_kcount", ...THOUSAND },
  storage_searches: { key: "storage_searches_kcount", ...THOUSAND },
  code_executions: { key: "code_executions_kcount", ...THOUSAND },
  seats: { key: "seats", units: 1n, per: "seat", scale: 18 },
};

export type PricedUnit = keyof typeof UNIT_PRICES;
