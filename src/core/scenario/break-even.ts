import { invariant } from "../invariant.ts";
import { centralPoint, evaluateScenario, type Scenario } from "./evaluate-scenario.ts";
import { add, compare, minus, ONE, over, type Rational, ZERO } from "./rational.ts";
import type { BreakEvenQuestion, ScenarioPlan } from "./scenario-plan.ts";

/** Where two options cost the same in a month, each with this number at the same value and everything else as its own. */
export type BreakEven = BreakEvenQuestion &
  (
    | { readonly outcome: "crosses"; readonly at: Rational; readonly runRate: Rational; readonly cheaperAbove: string }
    /** One option is cheaper at every value that can be. */
    | { readonly outcome: "never"; readonly cheaper: string }
    | { readonly outcome: "same" }
  );

export function breakEvenOf(question: BreakEvenQuestion, plan: ScenarioPlan): BreakEven {
  const [one, other] = question.between.map((name) => scenarioCalled(name, plan)) as [Scenario, Scenario];
  const at = (scenario: Scenario, value: Rational) =>
    evaluateScenario(scenario, new Map(centralPoint(scenario)).set(question.over, value)).runRate;
  const gap = (value: Rational) => minus(at(one, value), at(other, value));
  const cheaper = (gapOfCosts: Rational) => question.between[gapOfCosts.top < 0n ? 0 : 1];
  // The run-rate is linear in each of these numbers, so two points say all. At a volume of zero a pool would have nobody to pay it.
  const slope = minus(gap(TWO), gap(ONE));
  const start = minus(gap(ONE), slope);
  if (slope.top === 0n)
    return start.top === 0n ? { ...question, outcome: "same" } : { ...question, outcome: "never", cheaper: cheaper(start) };
  const root = over(minus(ZERO, start), slope);
  const isShare = question.over === "cache_hit";
  // Which one is cheaper is then the same at every value that can be, so it can be looked at anywhere between.
  if (root.top <= 0n || (isShare && compare(root, ONE) > 0)) {
    return { ...question, outcome: "never", cheaper: cheaper(gap(isShare ? over(ONE, TWO) : ONE)) };
  }
  return { ...question, outcome: "crosses", at: root, runRate: at(one, root), cheaperAbove: cheaper(slope) };
}

const TWO = add(ONE, ONE);

function scenarioCalled(name: string, plan: ScenarioPlan): Scenario {
  const found = plan.scenarios.find((scenario) => scenario.name === name);
  invariant(found !== undefined, `no scenario ${name}`);
  return found;
}
