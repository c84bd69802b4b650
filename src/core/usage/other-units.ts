/**
 * What is counted and billed otherwise than in tokens, by the names that traces, requests and reports have. Durations are whole
 * milliseconds, so that every count is an exact whole number.
 */
export const OTHER_UNITS = [
  /** Requests that one report stands for; a call is one without saying so. */
  "requests",
  "input_audio_ms",
  "output_audio_ms",
  "input_characters",
  "input_images",
  "output_images",
  "input_pixels",
  "document_pages",
  "annotated_pages",
  "input_text_messages",
  /** Cohere's search units: one query with up to 100 documents. */
  "rerank_searches",
  "classifications",
  "social_searches",
  "storage_searches",
  "code_executions",
  "seats",
] as const;
export type OtherUnit = (typeof OTHER_UNITS)[number];

const NAMES: ReadonlySet<string> = new Set(OTHER_UNITS);

export function isOtherUnit(name: string): name is OtherUnit {
  return NAMES.has(name);
}
