import { invariant } from "../invariant.ts";
import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { type LeverState, leverState } from "../levers/lever-state.ts";
import { isCheaper } from "../levers/lever-step.ts";
import { afterBreak, afterTrial } from "../optimiser/optimiser-state.ts";
import type { Instant } from "../time/window.ts";
import type { ControlState, Decision } from "./decision.ts";

const NOTHING_FAILED: ReadonlySet<LeverId> = new Set();

/**
 * The state once decisions are carried out.
 * @param failed levers that could not be turned: they stay where they are, and a failed revert is tried again
 */
export function afterDecisions(
  state: ControlState,
  decisions: readonly Decision[],
  now: Instant,
  failed: ReadonlySet<LeverId> = NOTHING_FAILED,
): ControlState {
  let { levers, reached, optimiser } = state;
  for (const decision of decisions) {
    switch (decision.kind) {
      case "reached":
        reached = [...reached, decision.threshold];
        break;
      case "cleared":
        reached = reached.filter((key) => key !== decision.threshold);
        break;
      case "apply":
      case "revert":
      case "keep": {
        const before = leverState(levers, decision.lever);
        levers = { ...levers, [decision.lever]: nextState(before, decision, now, failed.has(decision.lever)) };
        const isBreak = decision.kind === "revert" && decision.cause === "guardrail" && !failed.has(decision.lever);
        if (optimiser && isBreak) optimiser = afterBreak(optimiser, decision.lever, decision.to, now);
        break;
      }
      case "page":
        levers = decision.about === "revert_failed" ? withPage(levers, decision.levers) : levers;
        break;
      case "trial":
        optimiser = afterTrial(optimiser, decision, now);
        break;
      case "notify":
      case "ask_approval":
      case "open_postmortem":
        break;
      default:
        return decision satisfies never;
    }
  }
  return optimiser ? { levers, reached, optimiser } : { levers, reached };
}

type Change = Extract<Decision, { readonly kind: "apply" | "revert" | "keep" }>;

function nextState(state: LeverState, change: Change, now: Instant, hasFailed: boolean): LeverState {
  switch (change.kind) {
    case "apply": {
      invariant(state.value === change.from, `${change.lever} is at ${state.value}, not at ${change.from} as was decided`);
      const lever = leverKind(change.lever);
      invariant(isCheaper(lever, change.to, change.from), `${change.lever} is applied towards the dearer side`);
      if (hasFailed) return { ...state, appliedAt: now };
      const probation = change.probationUntil === undefined ? undefined : { since: now, until: change.probationUntil };
      return { ...state, value: change.to, before: change.from, appliedAt: now, probation, heldOffUntil: undefined };
    }
    case "revert":
      return hasFailed ? withFailure(state, change, now) : reverted(state, change, now);
    case "keep":
      return { ...state, before: state.value, probation: undefined, failures: 0 };
    default:
      return change satisfies never;
  }
}

type Revert = Extract<Decision, { readonly kind: "revert" }>;

function reverted(state: LeverState, change: Revert, now: Instant): LeverState {
  return {
    ...{ value: change.to, before: change.to, appliedAt: state.appliedAt, revertedAt: now },
    ...{ probation: undefined, heldOffUntil: change.holdOffUntil, failedRevert: undefined },
    ...breaksOf(state, change, now),
  };
}

/** A guardrail that a failed revert was for counts once, however often it is tried. */
function withFailure(state: LeverState, change: Revert, now: Instant): LeverState {
  const { since, attempts, paged } = state.failedRevert ?? { since: now, attempts: 0, paged: false };
  const failedRevert = { since, to: change.to, attempts: attempts + 1, paged };
  return { ...state, ...breaksOf(state, change, now), heldOffUntil: change.holdOffUntil, failedRevert };
}

function breaksOf({ failures, broke }: LeverState, { cause, guardrails }: Revert, now: Instant): Pick<LeverState, "failures" | "broke"> {
  return cause === "guardrail"
    ? { failures: failures + 1, broke: { at: now, guardrails: guardrails.map(({ name }) => name) } }
    : { failures, broke };
}

function withPage(levers: ControlState["levers"], paged: readonly LeverId[]): ControlState["levers"] {
  const entries = paged.flatMap((id) => {
    const state = leverState(levers, id);
    return state.failedRevert ? [[id, { ...state, failedRevert: { ...state.failedRevert, paged: true } }] as const] : [];
  });
  return { ...levers, ...Object.fromEntries(entries) };
}
