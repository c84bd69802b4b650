import { LONGEST_HOURS } from "../forecast/exhaustion.ts";
import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import { isCheaper } from "../levers/lever-step.ts";
import type { Signal } from "../levers/signal.ts";
import { SIGNALS } from "../levers/signal-list.ts";
import type { Instant } from "../time/window.ts";
import { afterDecisions } from "./after-decisions.ts";
import { decide, turnedLevers } from "./decide.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "./decision.ts";
import { GUARDRAIL_NAMES, GUARDRAILS, type GuardrailName } from "./guardrail-list.ts";
import { leverDemands } from "./lever-demands.ts";
import { isForecast } from "./policy.ts";
import { reviewThresholds } from "./reach-thresholds.ts";
import type { SubjectControl } from "./subject-control.ts";
import { REVERT_BOUND } from "./tick-due.ts";

/** How often the engine looks in virtual time: as often as `isTickDue` asks for at the least. */
export const TICK_MS = REVERT_BOUND.ms / 2;
const MOST_TICKS = 20_000;
const NEW_MONTH = "a new month";

export interface DryRunEvent {
  /** Since the phase began. */
  readonly atMs: number;
  readonly verdict: Verdict;
}

export interface DryRunPhase {
  readonly name: string;
  /** Ticks in which something was decided. */
  readonly events: readonly DryRunEvent[];
  readonly after: ControlState;
}

export interface DryRunCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

export interface DryRun {
  /** What was assumed of each guardrail's signal, while it holds and when it breaks. */
  readonly assumed: readonly { readonly guardrail: GuardrailName; readonly holding: number; readonly broken: number }[];
  /** What was assumed of the forecast while spending is high; undefined where no threshold goes by it. */
  readonly exhaustionHours: number | undefined;
  readonly phases: readonly DryRunPhase[];
  readonly checks: readonly DryRunCheck[];
}

/**
 * A cap that is used up, in virtual time, through the engine as it runs in production: spending rises to a share of the cap, each guardrail
 * breaks once on probation and once after it, a new month begins. The signals are assumed: fresh, of enough samples, and showing a break at once.
 * @param share of the first policy's cap, in millionths
 */
export function dryRun(control: SubjectControl, share: bigint, start: Instant): DryRun {
  const inForce = GUARDRAIL_NAMES.filter((name) => control.limits[name] !== "off");
  const assumed = inForce.map((guardrail) => assumedOf(guardrail, control.limits[guardrail] as number));
  const exhaustion = assumedExhaustion(control);
  const factsAt = (burn: bigint, now: Instant, broken?: GuardrailName): SubjectFacts => ({
    spending: { spentNano: (control.policies[0]!.capNano * burn) / 1_000_000n, observedAt: now },
    signals: Object.fromEntries([
      ...(exhaustion === undefined ? [] : [["exhaustion", forecastSignal(burn > 0n ? exhaustion : LONGEST_HOURS, now)] as const]),
      ...assumed.map(({ guardrail, holding, broken: bad }) => {
        const name = GUARDRAILS[guardrail].signal;
        const value = guardrail === broken ? bad : holding;
        return [name, { name, value, samples: Number.MAX_SAFE_INTEGER, observedAt: now, windowMs: SIGNALS[name].windowMs }] as const;
      }),
    ]),
  });
  const play = (name: string, from: ControlState, at: Instant, burn: bigint, broken: GuardrailName | undefined, isOver: Ending) =>
    playPhase(control, name, from, at, (now) => factsAt(burn, now, broken), isOver);

  const targets = targetsOf(control, factsAt(share, start), start);
  const rise = play("spending rises", FRESH_STATE, start, share, undefined, (state) => isSettled(state, targets));
  const early = play("spending rises", FRESH_STATE, start, share, undefined, () => true);
  const phases = [rise.phase];
  const checks = [checkRise(rise, targets)];
  for (const guardrail of inForce) {
    const guarded = (id: LeverId) => (leverKind(id).guardedBy as readonly GuardrailName[]).includes(guardrail);
    for (const [name, before] of [
      ["on probation", early],
      ["after probation", rise],
    ] as const) {
      const at = turnedLevers(before.phase.after).filter(guarded);
      if (at.length === 0) continue;
      const isBack = (state: ControlState) => at.every((id) => isDearer(id, state, before.phase.after));
      const run = play(`${guardrail} breaks ${name}`, before.phase.after, before.end, share, guardrail, isBack);
      phases.push(run.phase);
      checks.push(checkRevert(run, isBack(run.phase.after)));
    }
  }
  const month = play(NEW_MONTH, rise.phase.after, rise.end, 0n, undefined, (state) => turnedLevers(state).length === 0);
  const left = turnedLevers(month.phase.after);
  return {
    assumed,
    exhaustionHours: exhaustion,
    phases: [...phases, month.phase],
    checks: [
      ...checks,
      { name: "a new month turns every lever back", passed: left.length === 0, detail: left.join(", ") || "nothing is turned" },
    ],
  };
}

export type Ending = (state: ControlState) => boolean;

export interface PlayedPhase {
  readonly phase: DryRunPhase;
  /** Of the last tick. */
  readonly end: Instant;
  readonly tookMs: number;
  readonly isOver: boolean;
}

/** Tick by tick until the ending is reached, or it plainly never is. */
export function playPhase(
  control: SubjectControl,
  name: string,
  from: ControlState,
  at: Instant,
  factsAt: (now: Instant) => SubjectFacts,
  isOver: Ending,
): PlayedPhase {
  const events: DryRunEvent[] = [];
  let state = from;
  let now = at;
  for (let tick = 0; tick < MOST_TICKS; tick++) {
    now += TICK_MS;
    const verdict = decide(control, factsAt(now), state, [], now);
    state = afterDecisions(state, verdict.decisions, now);
    if (verdict.decisions.length > 0) events.push({ atMs: now - at, verdict });
    if (isOver(state)) return { phase: { name, events, after: state }, end: now, tookMs: now - at, isOver: true };
  }
  return { phase: { name, events, after: state }, end: now, tookMs: now - at, isOver: false };
}

/** A value of a guardrail's signal that holds with room, and one that breaks it. */
export function assumedOf(guardrail: GuardrailName, limit: number): DryRun["assumed"][number] {
  // A fifth away from the limit on either side, so that it holds with the room that is asked for after a failure.
  if (GUARDRAILS[guardrail].holds === "at_most") return { guardrail, holding: rounded(limit * 0.8), broken: rounded(limit * 1.25) };
  return { guardrail, holding: rounded(limit + (5 - limit) / 2), broken: rounded(limit * 0.9) };
}

/** So near that every forecast threshold is reached. */
function assumedExhaustion({ thresholds }: SubjectControl): number | undefined {
  const times = [...thresholds.values()].flatMap(({ threshold }) => (isForecast(threshold) ? [threshold.withinMs] : []));
  return times.length === 0 ? undefined : Math.min(...times) / 2 / 3_600_000;
}

function forecastSignal(value: number, now: Instant): Signal {
  return { name: "exhaustion", value, samples: 1, observedAt: now, windowMs: SIGNALS.exhaustion.windowMs };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function targetsOf(control: SubjectControl, facts: SubjectFacts, now: Instant): Map<LeverId, number> {
  const { reached } = reviewThresholds(control, facts, FRESH_STATE, now);
  const demands = leverDemands(reached, { exclusion: undefined, exec: undefined, refused: [] });
  return new Map([...demands].map(([id, { target }]) => [id, target]));
}

function isSettled({ levers }: ControlState, targets: ReadonlyMap<LeverId, number>): boolean {
  return [...targets].every(([id, target]) => {
    const { value, probation } = leverState(levers, id);
    return value === target && probation === undefined;
  });
}

function isDearer(id: LeverId, state: ControlState, than: ControlState): boolean {
  return isCheaper(leverKind(id), leverState(than.levers, id).value, leverState(state.levers, id).value);
}

function checkRise({ isOver, tookMs }: PlayedPhase, targets: ReadonlyMap<LeverId, number>): DryRunCheck {
  const name = "every lever that is asked for is turned and proved";
  if (targets.size === 0) return { name, passed: true, detail: "at this share no lever is asked for" };
  return { name, passed: isOver, detail: `${targets.size} levers in ${Math.ceil(tookMs / 60_000)} min` };
}

function checkRevert({ phase, tookMs }: PlayedPhase, isBack: boolean): DryRunCheck {
  const passed = isBack && tookMs <= REVERT_BOUND.ms;
  return {
    name: `${phase.name}: turned back within ${REVERT_BOUND.ms / 1000} s`,
    passed,
    detail: isBack ? `after ${tookMs / 1000} s` : "not turned back",
  };
}
