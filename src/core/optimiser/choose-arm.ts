import { ARM_LEVERS, type Arm, allArms, armKey, type OptimiseSettings, placeOf } from "./arm-grid.ts";
import { type Belief, costBelief } from "./cost-belief.ts";
import { mayBeTried } from "./guardrail-belief.ts";
import type { OptimiserState } from "./optimiser-state.ts";
import { seededChance } from "./seeded-chance.ts";

export interface ChosenArm {
  readonly arm: Arm;
  readonly why: "cheapest" | "explore";
}

/**
 * The arm of the next trial: one step of one lever towards what may cost least. What may: the belief less its deviation, so that an arm nobody
 * knows is looked at once and an arm known to be dear is not; in the explored share of trials, a draw of each belief.
 */
export function chooseArm(settings: OptimiseSettings, state: OptimiserState, subject: string): ChosenArm {
  const chance = seededChance(`${subject}#${state.trials}`);
  const isExploring = chance() < settings.explore;
  const belief = costBelief(Object.values(state.costs[state.context] ?? {}));
  const evidence = Object.values(state.guardrails);
  const isOff = (arm: Arm) => ARM_LEVERS.every((lever) => placeOf(arm, lever) === 0);
  const score = ({ mean, deviation }: Belief) => (isExploring ? mean + deviation * normal(chance) : mean - deviation);
  const scored = allArms(settings)
    .filter((arm) => isOff(arm) || mayBeTried(evidence, arm))
    .map((arm) => ({ arm, score: score(belief(arm)) }));
  const best = scored.reduce((one, other) => (other.score < one.score ? other : one));
  const steps = stepsTowards(state.arm, best.arm);
  // Whatever lies on the way must be allowed as well; where nothing is, the way back always is.
  const open = steps.filter((step) => scored.some(({ arm }) => armKey(arm) === armKey(step)) || isDearer(step, state.arm));
  const next = open.map((arm) => ({ arm, score: belief(arm).mean })).sort((one, other) => one.score - other.score)[0];
  return { arm: next?.arm ?? state.arm, why: isExploring ? "explore" : "cheapest" };
}

/** Each arm that is one step of one lever nearer. */
function stepsTowards(from: Arm, to: Arm): Arm[] {
  return ARM_LEVERS.flatMap((lever) => {
    const [here, there] = [placeOf(from, lever), placeOf(to, lever)];
    return here === there ? [] : [{ ...from, [lever]: here + Math.sign(there - here) }];
  });
}

function isDearer(one: Arm, than: Arm): boolean {
  return ARM_LEVERS.every((lever) => placeOf(one, lever) <= placeOf(than, lever));
}

/** Box and Muller's. */
function normal(chance: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}
