import type { GuardrailName } from "../policy/guardrail-list.ts";
import type { LeverKind } from "./lever.ts";

const EVERY_GUARDRAIL: readonly GuardrailName[] = ["p95_latency_ms", "error_rate", "grounded"];
const SERVICE: readonly GuardrailName[] = ["p95_latency_ms", "error_rate"];
const onOff = { unit: "switch", least: 0, most: 1, off: 0, entry: 1, step: 1, cheaper: "up" } as const;

/** A cap that is off stands above all that it caps: `off` is its most, and `entry` the first cap that is felt. */
export const LEVERS = {
  small_model_share: {
    ...{ unit: "percent", least: 0, most: 100, off: 0, entry: 25, step: 25, cheaper: "up" },
    guardedBy: EVERY_GUARDRAIL,
    meaning: "The least share of the calls that go to the small model.",
  },
  prompt_compression: { ...onOff, guardedBy: EVERY_GUARDRAIL, meaning: "Prompts are sent in their tighter form." },
  response_cap_tokens: {
    ...{ unit: "tokens", least: 16, most: 1_000_000, off: 1_000_000, entry: 700, step: 350, cheaper: "down" },
    guardedBy: EVERY_GUARDRAIL,
    meaning: "The 95th percentile of the tokens of an answer that is aimed at.",
  },
  cache_aggressiveness: {
    ...{ unit: "level", least: 0, most: 3, off: 0, entry: 1, step: 1, cheaper: "up" },
    guardedBy: EVERY_GUARDRAIL,
    meaning: "How long answers are kept in the exact and the semantic cache: 0 as configured, 3 the longest.",
  },
  cache_prewarm: {
    ...{ unit: "intents", least: 0, most: 1000, off: 0, entry: 50, step: 50, cheaper: "up" },
    guardedBy: SERVICE,
    meaning: "How many of the most frequent intents are answered ahead.",
  },
  cache_only: { ...onOff, guardedBy: ["error_rate"], meaning: "Only calls that the cache can answer are answered." },
  depth_k: {
    ...{ unit: "documents", least: 1, most: 1000, off: 1000, entry: 8, step: 2, cheaper: "down" },
    guardedBy: EVERY_GUARDRAIL,
    meaning: "The most documents that retrieval may bring.",
  },
  rerank_candidates: {
    ...{ unit: "candidates", least: 1, most: 10_000, off: 10_000, entry: 50, step: 25, cheaper: "down" },
    guardedBy: EVERY_GUARDRAIL,
    meaning: "The most candidates that are reranked.",
  },
  feature_freeze: { ...onOff, guardedBy: EVERY_GUARDRAIL, meaning: "The named feature flag is off, such as large_model." },
  batch_deferral: { ...onOff, guardedBy: ["error_rate"], meaning: "Calls of priority p2 wait for a batch." },
  pace_p2: {
    ...{ unit: "percent", least: 0, most: 100, off: 100, entry: 75, step: 25, cheaper: "down" },
    guardedBy: ["error_rate"],
    meaning: "The share of the calls of priority p2 that are let through; the others are told to come again.",
  },
  pace_p1: {
    ...{ unit: "percent", least: 0, most: 100, off: 100, entry: 75, step: 25, cheaper: "down" },
    guardedBy: ["error_rate"],
    meaning: "The share of the calls of priority p1 that are let through.",
  },
  exec_approval: { ...onOff, guardedBy: [], meaning: "More spending needs an executive's approval." },
} as const satisfies Record<string, LeverKind>;

export type LeverName = keyof typeof LEVERS;

/** A lever's name; of those that there may be several of, with which: "feature_freeze/large_model". */
export type LeverId = LeverName | `feature_freeze/${string}`;

export const LEVER_NAMES = Object.keys(LEVERS) as LeverName[];

export function leverKind(id: LeverId): LeverKind {
  return LEVERS[(id.startsWith("feature_freeze/") ? "feature_freeze" : id) as LeverName];
}

/** In the order of the list, and by name where there are several of a kind: decisions come in the same order from any store. */
export function byLever(one: LeverId, other: LeverId): number {
  return placeOf(one) - placeOf(other) || (one < other ? -1 : one > other ? 1 : 0);
}

function placeOf(id: LeverId): number {
  return LEVER_NAMES.indexOf((id.startsWith("feature_freeze/") ? "feature_freeze" : id) as LeverName);
}
