import { exhaustionSignal, forecastExhaustion } from "../forecast/exhaustion.ts";
import { HOUR_MS } from "../forecast/hourly-shape.ts";
import type { PacingFacts, Priority } from "../forecast/pacing.ts";
import { type LeverId, leverKind } from "../levers/lever-list.ts";
import type { LeversInForce } from "../levers/levers-in-force.ts";
import type { Signal } from "../levers/signal.ts";
import type { Nano } from "../money/usd.ts";
import { afterDecisions } from "../policy/after-decisions.ts";
import { decide } from "../policy/decide.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "../policy/decision.ts";
import type { SubjectControl } from "../policy/subject-control.ts";
import { isTickDue, REVERT_BOUND } from "../policy/tick-due.ts";
import type { Instant } from "../time/window.ts";
import { type CallOutcome, CallWindow, NO_CHANGE } from "./call-window.ts";

/** A call as it was made. */
export interface RecordedCall {
  readonly at: Instant;
  readonly priority: Priority;
  /** Without any lever. */
  readonly costNano: Nano;
}

/** Calls of one subject, in order of time, that are to go through the engine once more. */
export interface CallCourse<Call extends RecordedCall> {
  readonly control: SubjectControl;
  readonly calls: readonly Call[];
  /** What the levers make of a call. */
  readonly outcomeOf: (call: Call, levers: LeversInForce, state: ControlState) => CallOutcome;
  /** The trace stands for the month of the cap: so much is spent of the cap for each nano-dollar of a call. */
  readonly scale: { readonly top: bigint; readonly bottom: bigint };
  readonly from?: ControlState;
}

export interface CallTick {
  readonly now: Instant;
  /** How many calls had come. */
  readonly calls: number;
  readonly facts: SubjectFacts;
  readonly verdict: Verdict;
  /** With the decisions carried out. */
  readonly state: ControlState;
}

/** How long a tick waits where few calls come. */
export const TICK_MS = REVERT_BOUND.ms / 2;

/** Tick by tick, as often as the engine asks for. Half a minute of silence follows the last call. */
export function* replayCalls<Call extends RecordedCall>(course: CallCourse<Call>): Generator<CallTick> {
  const { calls, control } = course;
  const first = calls[0]?.at ?? 0;
  const end = (calls.at(-1)?.at ?? 0) + TICK_MS;
  const measured = new CourseMeasures(course, first, end);
  let state = course.from ?? FRESH_STATE;
  let levers = turnedValues(state);
  let [lastTick, callsSince, made] = [first, 0, 0];
  const tick = (now: Instant): CallTick => {
    const facts = measured.factsAt(now);
    const verdict = decide(control, facts, state, [], now);
    state = afterDecisions(state, verdict.decisions, now);
    if (verdict.decisions.some(({ kind }) => kind === "apply" || kind === "revert")) measured.leversChanged(now);
    levers = turnedValues(state);
    [lastTick, callsSince] = [now, 0];
    return { now, calls: made, facts, verdict, state };
  };
  for (const call of calls) {
    while (lastTick + TICK_MS <= call.at) yield tick(lastTick + TICK_MS);
    measured.add(call, course.outcomeOf(call, levers, state));
    made += 1;
    callsSince += 1;
    if (isTickDue(call.at - lastTick, callsSince)) yield tick(call.at);
  }
  while (lastTick + TICK_MS <= end) yield tick(lastTick + TICK_MS);
}

/** The levers that stand away from off. */
export function turnedValues({ levers }: ControlState): LeversInForce {
  const entries = (Object.entries(levers) as [LeverId, { value: number }][]).filter(([id, { value }]) => value !== leverKind(id).off);
  return Object.fromEntries(entries.map(([id, { value }]) => [id, value]));
}

/** What is known at each tick of a course, as a server would measure it. */
class CourseMeasures<Call extends RecordedCall> {
  readonly #course: CallCourse<Call>;
  readonly #window = new CallWindow();
  readonly #start: Instant;
  readonly #end: Instant;
  readonly #hours = new Map<Instant, Nano>();
  readonly #asked: Record<Priority, Nano> = { p0: 0n, p1: 0n, p2: 0n };
  #spentNano = 0n;
  #change = NO_CHANGE;
  #exhaustion: { readonly hour: Instant; readonly signal: Signal | undefined } | undefined;

  constructor(course: CallCourse<Call>, start: Instant, end: Instant) {
    this.#course = course;
    this.#start = start;
    this.#end = end;
  }

  add(call: Call, outcome: CallOutcome): void {
    this.#window.add(outcome);
    const nano = this.#scaled(outcome.costNano);
    this.#spentNano += outcome.costNano;
    const hour = Math.floor(call.at / HOUR_MS) * HOUR_MS;
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0n) + nano);
    this.#asked[call.priority] += call.costNano;
  }

  leversChanged(now: Instant): void {
    this.#change = { calls: this.#window.count, at: now };
  }

  factsAt(now: Instant): SubjectFacts {
    const exhaustion = this.#exhaustionAt(now);
    return {
      spending: { spentNano: this.#scaled(this.#spentNano), observedAt: now, windowEndsAt: this.#end },
      signals: { ...this.#window.measure(now, this.#change), ...(exhaustion ? { exhaustion } : {}) },
      pacing: this.#pacingAt(now),
    };
  }

  #scaled(nano: Nano): Nano {
    const { top, bottom } = this.#course.scale;
    return (nano * top) / bottom;
  }

  /** Looked at anew every hour, when there is a new one to go by; told as of now, with what has passed since taken off. */
  #exhaustionAt(now: Instant): Signal | undefined {
    const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
    if (this.#exhaustion?.hour !== hour) {
      const hours = [...this.#hours].map(([at, nano]) => ({ at, nano }));
      const capNano = this.#course.control.policies.map((policy) => policy.capNano).reduce((one, other) => (one < other ? one : other));
      const spentNano = this.#scaled(this.#spentNano);
      const forecast = forecastExhaustion({ spentNano, capNano, hours, now, windowEndsAt: Math.max(this.#end, now) });
      this.#exhaustion = { hour, signal: exhaustionSignal(forecast, now) };
    }
    const { signal } = this.#exhaustion;
    return signal && { ...signal, value: Math.max(0, signal.value - (now - signal.observedAt) / HOUR_MS), observedAt: now };
  }

  /** Each priority goes on as it was asked for so far, levers or not. */
  #pacingAt(now: Instant): PacingFacts | undefined {
    const passed = now - this.#start;
    if (passed < HOUR_MS) return undefined;
    const left = BigInt(Math.max(0, this.#end - now));
    const needed = (priority: Priority) => (this.#scaled(this.#asked[priority]) * left) / BigInt(passed);
    return { observedAt: now, windowEndsAt: this.#end, neededNano: { p0: needed("p0"), p1: needed("p1"), p2: needed("p2") } };
  }
}
