import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import { readSignal } from "../levers/signal.ts";
import { SIGNALS } from "../levers/signal-list.ts";
import { checkGuardrails } from "../policy/check-guardrails.ts";
import type { ControlState, SubjectFacts } from "../policy/decision.ts";
import { subjectKey } from "../policy/policy.ts";
import type { SubjectControl } from "../policy/subject-control.ts";
import type { Instant } from "../time/window.ts";
import { armInForce, armKey, type OptimiseSettings } from "./arm-grid.ts";
import { chooseArm } from "./choose-arm.ts";
import { afterTrial, type TrialDecision, type TrialResult } from "./optimiser-state.ts";

/** The cost of a trial is the signal's whole window, so that no call before it counts. */
const TRIAL_MS = SIGNALS.ucr_1h.windowMs;
/** An arm that the engine cannot reach for so long, as a lever is held off or asked for by a threshold, is given up. */
const MOST_WAIT_MS = 4 * TRIAL_MS;

/**
 * Whether a trial begins now; undefined while one goes on, or where the policy has no optimiser.
 * @param isExcluded every lever is off by somebody's word: nothing is tried, and when that ends it begins from there
 */
export function reviewTrial(
  control: SubjectControl,
  facts: SubjectFacts,
  state: ControlState,
  isExcluded: boolean,
  now: Instant,
): TrialDecision | undefined {
  const { optimise: settings } = control;
  if (!settings) return undefined;
  const { optimiser, levers } = state;
  const context = contextAt(now);
  const inForce = armInForce(settings, levers);
  const begin = (why: TrialDecision["why"]): TrialDecision => ({ kind: "trial", arm: inForce, context, why, learned: undefined });
  if (isExcluded) return optimiser && armKey(inForce) !== armKey(optimiser.arm) ? begin("not_reached") : undefined;
  if (!optimiser) return begin("first");
  if (optimiser.context !== context) return { ...begin("context"), arm: optimiser.arm };
  const isReached = armKey(inForce) === armKey(optimiser.arm);
  if (!isReached) return now - newestMove(state) >= MOST_WAIT_MS ? begin("not_reached") : undefined;
  const learned = resultOf(control, settings, facts, state, now);
  if (!learned) return undefined;
  const known = afterTrial(optimiser, { ...begin("cheapest"), arm: optimiser.arm, learned }, now);
  return { kind: "trial", ...chooseArm(settings, known, subjectKey(control.subject)), context, learned };
}

/** What the trial that goes on has taught, once nothing has moved for a whole window, and its guardrails are measured and hold. */
function resultOf(
  control: SubjectControl,
  { levers }: OptimiseSettings,
  facts: SubjectFacts,
  state: ControlState,
  now: Instant,
): TrialResult | undefined {
  const { arm, context } = state.optimiser!;
  // A probation that ends now is passed in this very tick, since the guardrails below hold.
  const isOnProbation = levers.some((lever) => now < (leverState(state.levers, lever).probation?.until ?? 0));
  if (now < newestMove(state) + TRIAL_MS || isOnProbation) return undefined;
  const checks = levers.map((lever) => checkGuardrails(control, leverKind(lever), facts, now));
  if (checks.some(({ broken, unknown }) => broken.length + unknown.length > 0)) return undefined;
  const cost = readSignal(facts.signals, "ucr_1h", now, control.pace.terms);
  if (cost.outcome !== "fresh" || cost.value <= 0) return undefined;
  return { arm, context, costUsd: cost.value, samples: facts.signals.ucr_1h!.samples };
}

/** When the trial began, or a lever was turned since, by whomever. */
function newestMove({ levers, optimiser }: ControlState): Instant {
  const moves = (Object.keys(levers) as LeverId[]).flatMap((id) => {
    const { appliedAt = 0, revertedAt = 0 } = leverState(levers, id);
    return [appliedAt, revertedAt];
  });
  return Math.max(optimiser?.since ?? 0, ...moves);
}

const HOUR_MS = 3_600_000;

/** What calls are like differs between hours of work and others: Monday to Friday from 7 to 19 o'clock UTC. */
export function contextAt(now: Instant): "work" | "rest" {
  const hours = Math.floor(now / HOUR_MS);
  // The first of January 1970 was a Thursday.
  const weekday = (Math.floor(hours / 24) + 3) % 7;
  return weekday < 5 && hours % 24 >= 7 && hours % 24 < 19 ? "work" : "rest";
}
