import type { Point, Scenario } from "./evaluate-scenario.ts";
import { centralPoint } from "./evaluate-scenario.ts";
import { add, compare, ONE, type Rational, times, ZERO } from "./rational.ts";
import type { FigureName } from "./scenario-inputs.ts";
import { moved } from "./sensitivity.ts";
import { fixed, type Spread } from "./spread.ts";

/** A change that is tried on a scenario. */
export interface WhatIf {
  /** The volume times this. */
  readonly volume: Rational | undefined;
  /** Share of the requests that reach a model, given to one model by the others in proportion to what they have. */
  readonly move: { readonly share: Rational; readonly to: string } | undefined;
}

/** @returns the changed scenario, or why it cannot be: no such model in the mix, or it has more than the rest already */
export function tryWhatIf(scenario: Scenario, change: WhatIf, name: string): Scenario | "no_such_model" | "share_too_large" {
  const figures = new Map<FigureName, Spread>(scenario.figures);
  const volume = figures.get("monthly_volume");
  if (change.volume && volume) figures.set("monthly_volume", scaled(volume, change.volume));
  if (change.move) {
    const { share, to } = change.move;
    if (!scenario.models.includes(to)) return "no_such_model";
    const point: Point = centralPoint(scenario);
    const wanted = add(point.get(`mix.${to}`) ?? ZERO, share);
    if (compare(wanted, ONE) > 0) return "share_too_large";
    const after = moved(point, `mix.${to}`, wanted, scenario.models);
    for (const model of scenario.models) figures.set(`mix.${model}`, fixed(after.get(`mix.${model}`) ?? ZERO));
  }
  return { ...scenario, name, figures };
}

function scaled({ low, likely, high, peaked }: Spread, factor: Rational): Spread {
  return { low: times(low, factor), likely: times(likely, factor), high: times(high, factor), peaked };
}
