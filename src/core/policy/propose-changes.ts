import { byLever, type LeverId, leverKind } from "../levers/lever-list.ts";
import { type LeverState, leverState } from "../levers/lever-state.ts";
import { isCheaper, stepTowards } from "../levers/lever-step.ts";
import { checkGuardrails, guardrailText } from "./check-guardrails.ts";
import type { Decision, Held, Verdict } from "./decision.ts";
import type { Demand } from "./lever-demands.ts";
import type { ReviewInput } from "./review-levers.ts";

/** After a broken guardrail a lever is turned again only while there is this much room below the limit. */
const MARGIN_AFTER_FAILURE = 0.05;

/** One step towards each demand that is not met, where nothing speaks against it. @param input with the state after the review */
export function proposeChanges(input: ReviewInput): Verdict {
  const decisions: Decision[] = [];
  const held: Held[] = [];
  for (const [id, demand] of [...input.demands].sort(([one], [other]) => byLever(one, other))) {
    const state = leverState(input.state.levers, id);
    if (!isCheaper(leverKind(id), demand.target, state.value)) continue;
    const wait = whatToWaitFor(input, id, state);
    if (wait) held.push({ what: id, ...wait });
    else tryStep(input, id, state, demand, decisions, held);
  }
  return { decisions, held };
}

function whatToWaitFor({ isBlind, control, now }: ReviewInput, id: LeverId, state: LeverState): Omit<Held, "what"> | undefined {
  const until = (at: number) => `until ${new Date(at).toISOString()}`;
  if (state.failedRevert) return { reason: "revert_failed", detail: `${id} could not be turned back` };
  if (isBlind) return { reason: "no_signal", detail: "spending is not known" };
  if (state.heldOffUntil !== undefined && now < state.heldOffUntil) {
    return { reason: "held_off", detail: `it broke a guardrail; ${until(state.heldOffUntil)}` };
  }
  if (state.probation) return { reason: "probation", detail: until(state.probation.until) };
  const coolUntil = Math.max(state.appliedAt ?? 0, state.revertedAt ?? 0) + control.pace.coolDownMs;
  const hasMoved = state.appliedAt !== undefined || state.revertedAt !== undefined;
  return hasMoved && now < coolUntil ? { reason: "cool_down", detail: until(coolUntil) } : undefined;
}

function tryStep(input: ReviewInput, id: LeverId, state: LeverState, demand: Demand, decisions: Decision[], held: Held[]): void {
  const { control, facts, now } = input;
  const lever = leverKind(id);
  const { holding, broken, unknown } = checkGuardrails(control, lever, facts, now, state.failures > 0 ? MARGIN_AFTER_FAILURE : 0);
  if (unknown.length > 0) {
    held.push({ what: id, reason: "no_signal", detail: unknown.join(", ") });
    return;
  }
  if (broken.length > 0) {
    held.push({ what: id, reason: "guardrail", detail: guardrailText(broken) });
    return;
  }
  decisions.push({
    kind: "apply",
    lever: id,
    from: state.value,
    to: stepTowards(lever, state.value, demand.target),
    target: demand.target,
    because: demand.because,
    spentNano: facts.spending?.spentNano ?? 0n,
    guardrails: holding,
    probationUntil: holding.length === 0 ? undefined : now + control.pace.probationMs,
  });
}
