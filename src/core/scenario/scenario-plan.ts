import type { Scenario } from "./evaluate-scenario.ts";
import type { Rational } from "./rational.ts";
import type { InputName } from "./scenario-inputs.ts";

/** All that a scenario file asks for. */
export interface ScenarioPlan {
  readonly name: string;
  /** How many months are projected. */
  readonly months: number;
  readonly scenarios: readonly [Scenario, ...Scenario[]];
  /** How far a number without a range is moved to see what it weighs. */
  readonly swing: Rational;
  readonly monteCarlo: { readonly draws: number; readonly seed: number };
  readonly breakEvens: readonly BreakEvenQuestion[];
}

export interface BreakEvenQuestion {
  readonly between: readonly [string, string];
  readonly over: BreakEvenInput;
}

/** What two options can be compared over: numbers in which the run-rate is linear. */
export const BREAK_EVEN_INPUTS = ["monthly_volume", "cache_hit", "depth_k", "prompt_tokens", "gen_tokens"] as const satisfies InputName[];
export type BreakEvenInput = (typeof BREAK_EVEN_INPUTS)[number];

/** Prices of a model by its name in the price book, for requests of that many input tokens; undefined when it has none. */
export type PriceOf = (
  provider: string,
  model: string,
  promptTokens: number,
) => { readonly inputUsdMtok: string; readonly outputUsdMtok: string } | undefined;
