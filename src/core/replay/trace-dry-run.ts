import { byLever, type LeverId, leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import { isCheaper } from "../levers/lever-step.ts";
import type { LeversInForce } from "../levers/levers-in-force.ts";
import type { Nano } from "../money/usd.ts";
import { turnedLevers } from "../policy/decide.ts";
import { type ControlState, FRESH_STATE } from "../policy/decision.ts";
import { assumedOf, type DryRunCheck, type DryRunEvent, type DryRunPhase, playPhase } from "../policy/dry-run.ts";
import { GUARDRAIL_NAMES, type GuardrailName } from "../policy/guardrail-list.ts";
import type { SubjectControl } from "../policy/subject-control.ts";
import { REVERT_BOUND } from "../policy/tick-due.ts";
import type { Instant } from "../time/window.ts";
import type { CallOutcome } from "./call-window.ts";
import { type EffectTerms, LeverEffects, type TracedCall } from "./lever-effects.ts";
import { type CallTick, replayCalls } from "./replay-calls.ts";

export interface LeverSaving {
  readonly lever: LeverId;
  readonly nano: Nano;
  /** On which it had an effect. */
  readonly calls: number;
}

export interface TraceDryRun {
  /** Guardrails that the trace says nothing of: every call is taken to hold, at this value. */
  readonly assumed: readonly { readonly guardrail: GuardrailName; readonly holding: number }[];
  readonly calls: number;
  /** From the first call to the last. */
  readonly spanMs: number;
  /** Of the cap, in millionths, at the end of the trace: as asked for without levers, and with them. */
  readonly share: { readonly without: bigint; readonly with: bigint };
  readonly beforeNano: Nano;
  readonly afterNano: Nano;
  /** Adds up to before less after. */
  readonly savings: readonly LeverSaving[];
  readonly turnedAway: number;
  readonly phases: readonly DryRunPhase[];
  /** What was asked for and never done in the whole trace, with the reason. */
  readonly heldBack: readonly string[];
  readonly checks: readonly DryRunCheck[];
  /** Breaks that could not be played, and why. */
  readonly notPlayed: readonly string[];
}

/**
 * A trace through the engine, as if it were the month of the cap: spending is scaled so that without levers it comes to a share of the cap
 * with the last call. Then once more for each guardrail, which breaks with the first change that could break it; then a new month begins.
 * @param calls in order of time, at least one
 * @param share in millionths
 */
export function dryRunTrace(control: SubjectControl, calls: readonly TracedCall[], terms: EffectTerms, share: bigint): TraceDryRun {
  const inForce = GUARDRAIL_NAMES.filter((name) => control.limits[name] !== "off");
  const assumed = inForce.filter((name) => isMissing(name, calls)).map((name) => assumedFor(control, name));
  const beforeNano = calls.reduce((sum, { costNano }) => sum + costNano, 0n);
  const capNano = control.policies[0]!.capNano;
  const scale = beforeNano === 0n ? { top: 0n, bottom: 1n } : { top: capNano * share, bottom: beforeNano * 1_000_000n };
  const replay = (breaks?: TraceBreak) => replayTrace(control, calls, terms, scale, assumed, breaks);

  const base = replay();
  const start = calls[0]!.at;
  const phases: DryRunPhase[] = [phaseOf("the trace", base.ticks, start)];
  const checks: DryRunCheck[] = [];
  const notPlayed: string[] = [];
  for (const guardrail of inForce) {
    const at = base.ticks.find(({ verdict }) => verdict.decisions.some((one) => one.kind === "apply" && isGuarded(one.lever, guardrail)));
    if (!at) notPlayed.push(`${guardrail}: no lever that it guards was turned`);
    else {
      const run = replay({ guardrail, from: at, bad: assumedFor(control, guardrail).broken });
      const found = reviewBreak(control, run.ticks, at, guardrail);
      if (found === undefined) notPlayed.push(`${guardrail}: the trace ends before the break can be measured`);
      else checks.push(found);
      phases.push(phaseOf(`${guardrail} breaks with the first change`, run.ticks.filter(({ now }) => now > at.now).slice(0, 40), at.now));
    }
  }
  const last = base.ticks.at(-1)!;
  const month = newMonth(control, last.state, last.now);
  return {
    assumed: assumed.map(({ guardrail, holding }) => ({ guardrail, holding })),
    ...{ calls: calls.length, spanMs: calls.at(-1)!.at - start, beforeNano, afterNano: base.afterNano },
    share: { without: share, with: (base.afterNano * scale.top * 1_000_000n) / (scale.bottom * capNano) },
    ...{ savings: base.savings, turnedAway: base.turnedAway, notPlayed },
    phases: [...phases, month.phase],
    heldBack: heldBack(base.ticks),
    checks: [...checks, month.check],
  };
}

/** A guardrail that breaks on purpose after a tick, for as long as a lever that it guards stands where that tick put it. */
interface TraceBreak {
  readonly guardrail: GuardrailName;
  readonly from: CallTick;
  readonly bad: number;
}

type Assumed = ReturnType<typeof assumedFor>;

function replayTrace(
  control: SubjectControl,
  calls: readonly TracedCall[],
  terms: EffectTerms,
  scale: { readonly top: bigint; readonly bottom: bigint },
  assumed: readonly Assumed[],
  breaks: TraceBreak | undefined,
) {
  const effects = new LeverEffects(terms);
  const savings = new Map<LeverId, { nano: Nano; calls: number }>();
  let [afterNano, turnedAway] = [0n, 0];
  const outcomeOf = (call: TracedCall, levers: LeversInForce, state: ControlState): CallOutcome => {
    const { outcome, saved } = effects.treat(assumed.reduce(withHolding, call), levers);
    for (const [lever, nano] of saved) {
      const sum = savings.get(lever) ?? { nano: 0n, calls: 0 };
      savings.set(lever, { nano: sum.nano + nano, calls: sum.calls + 1 });
    }
    afterNano += outcome.costNano;
    turnedAway += Number(outcome.isRefused);
    const isBroken = breaks !== undefined && call.at > breaks.from.now && !isBack(state, breaks.from.state, breaks.guardrail);
    return isBroken ? broken(outcome, breaks) : outcome;
  };
  const ticks = [...replayCalls({ control, calls, outcomeOf, scale })];
  const each = [...savings].map(([lever, sum]) => ({ lever, ...sum })).sort((one, other) => byLever(one.lever, other.lever));
  return { ticks, savings: each, afterNano, turnedAway };
}

function assumedFor(control: SubjectControl, guardrail: GuardrailName) {
  return assumedOf(guardrail, control.limits[guardrail] as number);
}

/** A trace without a column for errors says that no call failed. */
function isMissing(guardrail: GuardrailName, calls: readonly TracedCall[]): boolean {
  if (guardrail === "p95_latency_ms") return calls.every(({ latencyMs }) => latencyMs === undefined);
  return guardrail === "grounded" && calls.every(({ grounded }) => grounded === undefined);
}

function withHolding(call: TracedCall, { guardrail, holding }: Assumed): TracedCall {
  return guardrail === "grounded" ? { ...call, grounded: holding } : { ...call, latencyMs: holding };
}

function broken(outcome: CallOutcome, { guardrail, bad }: TraceBreak): CallOutcome {
  if (guardrail === "error_rate") return { ...outcome, isError: true };
  return guardrail === "grounded" ? { ...outcome, grounded: bad } : { ...outcome, latencyMs: bad };
}

function isGuarded(lever: LeverId, guardrail: GuardrailName): boolean {
  return (leverKind(lever).guardedBy as readonly GuardrailName[]).includes(guardrail);
}

/** Whether every lever that the guardrail guards is dearer again than it was then. */
function isBack(state: ControlState, then: ControlState, guardrail: GuardrailName): boolean {
  return turnedLevers(then)
    .filter((id) => isGuarded(id, guardrail))
    .every((id) => isCheaper(leverKind(id), leverState(then.levers, id).value, leverState(state.levers, id).value));
}

/** How long the break was answered after there were enough calls to see it; undefined where the trace ends before. */
function reviewBreak(control: SubjectControl, ticks: readonly CallTick[], at: CallTick, guardrail: GuardrailName): DryRunCheck | undefined {
  const name = `${guardrail} breaks with the first change: turned back within ${REVERT_BOUND.ms / 1000} s and ${REVERT_BOUND.calls} calls of being measurable`;
  const after = ticks.filter(({ now }) => now > at.now);
  const seen = after.find(({ calls }) => calls - at.calls >= control.pace.terms.leastSamples);
  if (!seen) return undefined;
  const before = after[after.indexOf(seen) - 1] ?? at;
  const back = after.find(({ state }) => isBack(state, at.state, guardrail));
  if (!back) return { name, passed: false, detail: "not turned back" };
  // Measurable at some call after the tick before: counted from there, which is the longest that it can have been.
  const [ms, calls] = [Math.max(0, back.now - before.now), Math.max(0, back.calls - before.calls)];
  return { name, passed: ms <= REVERT_BOUND.ms && calls <= REVERT_BOUND.calls, detail: `after at most ${ms / 1000} s and ${calls} calls` };
}

function newMonth(control: SubjectControl, state: ControlState, at: Instant) {
  const facts = (now: Instant) => ({ spending: { spentNano: 0n, observedAt: now }, signals: {} });
  const { phase } = playPhase(control, "a new month", state, at, facts, (after) => turnedLevers(after).length === 0);
  const left = turnedLevers(phase.after);
  const check = { name: "a new month turns every lever back", passed: left.length === 0, detail: left.join(", ") || "nothing is turned" };
  return { phase, check };
}

function phaseOf(name: string, ticks: readonly CallTick[], start: Instant): DryRunPhase {
  const events = ticks
    .filter(({ verdict }) => verdict.decisions.length > 0)
    .map(({ now, verdict }): DryRunEvent => ({ atMs: now - start, verdict }));
  return { name, events, after: ticks.at(-1)?.state ?? FRESH_STATE };
}

/** "depth_k no_signal: p95_latency_ms has 12 samples, fewer than 30" of what was asked for and never done, as it was told last. */
function heldBack(ticks: readonly CallTick[]): string[] {
  const done = new Set<string>(
    ticks.flatMap(({ verdict }) => verdict.decisions.flatMap((one) => (one.kind === "apply" ? [one.lever] : []))),
  );
  const told = new Map<string, string>();
  for (const { verdict } of ticks) {
    for (const { what, reason, detail } of verdict.held) if (!done.has(what)) told.set(what, `${what} ${reason}: ${detail}`);
  }
  return [...told.values()];
}
