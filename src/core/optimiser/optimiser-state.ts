import type { LeverId } from "../levers/lever-list.ts";
import type { Instant } from "../time/window.ts";
import { ARM_LEVERS, type Arm, type ArmLever, armKey, placeAt } from "./arm-grid.ts";

/** What was measured of an arm: the weighted sum of the logarithms of its cost per call. */
export interface CostEvidence {
  readonly arm: Arm;
  readonly weight: number;
  readonly sum: number;
}

/** How often the guardrails held through a trial of an arm, and broke. Fades. */
export interface GuardrailEvidence {
  readonly arm: Arm;
  readonly held: number;
  readonly broke: number;
}

/** What the optimiser of one subject remembers. Plain data, stored with the levers. */
export interface OptimiserState {
  /** How many trials were begun. */
  readonly trials: number;
  /** What is wanted now. */
  readonly arm: Arm;
  readonly since: Instant;
  readonly context: string;
  /** By context and arm. */
  readonly costs: Readonly<Record<string, Readonly<Record<string, CostEvidence>>>>;
  readonly guardrails: Readonly<Record<string, GuardrailEvidence>>;
}

/** What a trial that ended has taught. */
export interface TrialResult {
  readonly arm: Arm;
  readonly context: string;
  readonly costUsd: number;
  readonly samples: number;
}

/** One trial ends and the next begins. */
export interface TrialDecision {
  readonly kind: "trial";
  readonly arm: Arm;
  readonly context: string;
  readonly why: "first" | "cheapest" | "explore" | "context" | "not_reached";
  readonly learned: TrialResult | undefined;
}

/** Of what was known before, with each trial: after some 35 trials half is left, so that a world that changes is noticed. */
const FADING = 0.98;
/** No trial counts for more calls than this, or one would silence all others. */
const MOST_WEIGHT = 400;

export function afterTrial(state: OptimiserState | undefined, { arm, context, learned }: TrialDecision, now: Instant): OptimiserState {
  const before = { trials: (state?.trials ?? 0) + 1, arm, since: now, context };
  const { costs = {}, guardrails = {} } = state ?? {};
  if (!learned) return { ...before, costs, guardrails };
  const key = armKey(learned.arm);
  const faded = Object.fromEntries(
    Object.entries(costs[learned.context] ?? {}).map(([name, { weight, sum, ...rest }]) => [
      name,
      { ...rest, weight: weight * FADING, sum: sum * FADING },
    ]),
  );
  const known = faded[key] ?? { arm: learned.arm, weight: 0, sum: 0 };
  const weight = Math.min(MOST_WEIGHT, learned.samples);
  const cost = { arm: learned.arm, weight: known.weight + weight, sum: known.sum + weight * Math.log(learned.costUsd) };
  const proved = Object.fromEntries(
    Object.entries(guardrails).map(([name, one]) => [name, { ...one, held: one.held * FADING, broke: one.broke * FADING }]),
  );
  return {
    ...before,
    costs: { ...costs, [learned.context]: { ...faded, [key]: cost } },
    guardrails: { ...proved, [key]: withMore(proved[key], learned.arm, { held: 1 }) },
  };
}

/** A broken guardrail has turned a lever back: the arm that was tried is to blame, and what is left of it is wanted from now on. */
export function afterBreak(state: OptimiserState, lever: LeverId, to: number, now: Instant): OptimiserState {
  if (!isArmLever(lever) || (state.arm[lever] ?? 0) <= placeAt(lever, to)) return state;
  const key = armKey(state.arm);
  // Of several levers that go back in one tick, the first one tells.
  const isTold = state.since === now;
  const guardrails = isTold ? state.guardrails : { ...state.guardrails, [key]: withMore(state.guardrails[key], state.arm, { broke: 1 }) };
  return { ...state, guardrails, arm: { ...state.arm, [lever]: placeAt(lever, to) }, since: now };
}

function withMore(
  known: GuardrailEvidence | undefined,
  arm: Arm,
  more: { readonly held?: number; readonly broke?: number },
): GuardrailEvidence {
  return { arm, held: (known?.held ?? 0) + (more.held ?? 0), broke: (known?.broke ?? 0) + (more.broke ?? 0) };
}

function isArmLever(lever: LeverId): lever is ArmLever {
  return (ARM_LEVERS as readonly string[]).includes(lever);
}
