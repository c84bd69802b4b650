import { type Arm, isAtLeastAsCheap } from "./arm-grid.ts";
import type { GuardrailEvidence } from "./optimiser-state.ts";

/** What is believed of an arm that nobody has tried: two trials, of which a fifth of one broke. */
const BEFORE = { trials: 2, broke: 0.2 } as const;
/** One break is enough to stay away, until it has faded. */
const MOST_CHANCE = 0.25;

/**
 * The chance that an arm breaks a guardrail in a trial: the mean of a Beta distribution. A lever turned farther is no safer, so whatever broke
 * at an arm counts against all that are at least as cheap on every lever, and whatever held there counts for all that are at most.
 */
export function breakChance(evidence: readonly GuardrailEvidence[], arm: Arm): number {
  const broke = evidence.reduce((sum, one) => sum + (isAtLeastAsCheap(arm, one.arm) ? one.broke : 0), 0);
  const held = evidence.reduce((sum, one) => sum + (isAtLeastAsCheap(one.arm, arm) ? one.held : 0), 0);
  return (BEFORE.broke + broke) / (BEFORE.trials + broke + held);
}

export function mayBeTried(evidence: readonly GuardrailEvidence[], arm: Arm): boolean {
  return breakChance(evidence, arm) <= MOST_CHANCE;
}
