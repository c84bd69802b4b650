import { invariant } from "../invariant.ts";
import { readScenarios } from "./read-scenarios.ts";
import type { PriceOf, ScenarioPlan } from "./scenario-plan.ts";

/** For tests only. */
export const noPrices: PriceOf = () => undefined;

export function planOf(document: unknown, priceOf: PriceOf = noPrices): ScenarioPlan {
  const reading = readScenarios(document, priceOf);
  invariant(reading.outcome === "read", JSON.stringify(reading.outcome === "wrong" && reading.findings));
  return reading.plan;
}

export const MODELS = {
  small: { input_usd_mtok: 1, output_usd_mtok: 4 },
  medium: { input_usd_mtok: "2.5", output_usd_mtok: 10 },
  large: { input_usd_mtok: 6, output_usd_mtok: 60 },
};
export const INPUTS = {
  prompt_tokens: 2000,
  gen_tokens: 500,
  retrieval_usd_per_k: 0.0006,
  vector_ops: 2,
  vector_usd: 0.00002,
  orchestration_usd: 0.004,
};
export const BASE = {
  name: "Base",
  monthly_volume: 800_000,
  mix: { small: "55%", medium: 0.35, large: "0.1" },
  depth_k: 5,
  cache_hit: "60%",
};
