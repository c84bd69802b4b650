import { readSignal } from "../levers/signal.ts";
import type { Instant } from "../time/window.ts";
import type { ControlState, Decision, Held, Spending, SubjectFacts } from "./decision.ts";
import { type ForecastThreshold, isForecast, type SpendThreshold, type SubjectPolicy, type Threshold, WHOLE_SHARE } from "./policy.ts";
import type { SubjectControl } from "./subject-control.ts";

export interface ReachedThreshold {
  readonly key: string;
  readonly policy: SubjectPolicy;
  readonly threshold: Threshold;
  /** Reached in this tick and not before. */
  readonly isNew: boolean;
  /** Remembered, while nothing fresh says so: what it asked for stays, and no more is done for it. */
  readonly isBlind: boolean;
}

export interface ThresholdReview {
  readonly reached: readonly ReachedThreshold[];
  /** "reached" and "cleared". */
  readonly decisions: readonly Decision[];
  /** Why spending says nothing now; then thresholds stay as they were. */
  readonly blind: Held | undefined;
  /** Why the forecast says nothing now, where a threshold goes by it. */
  readonly blindForecast: Held | undefined;
}

/** Which thresholds are reached. One that was reached clears only a margin below it, so that spending around it does not flap. */
export function reviewThresholds(control: SubjectControl, facts: SubjectFacts, state: ControlState, now: Instant): ThresholdReview {
  const { pace, thresholds } = control;
  const spending = facts.spending;
  const ageMs = spending === undefined ? 0 : now - spending.observedAt;
  const isFresh = spending !== undefined && ageMs >= 0 && ageMs <= pace.terms.mostAgeMs;
  const forecast = readSignal(facts.signals, "exhaustion", now, pace.terms);
  const hours = forecast.outcome === "fresh" ? forecast.value : undefined;
  const reached: ReachedThreshold[] = [];
  const decisions: Decision[] = [];
  for (const [key, { policy, threshold }] of thresholds) {
    const was = state.reached.includes(key);
    const isSeen = isFresh && (!isForecast(threshold) || hours !== undefined);
    const is = !isSeen
      ? was
      : isForecast(threshold)
        ? isNear(threshold, hours!, was, spending, now)
        : isReached(policy, threshold, spending.spentNano, was, pace.clearMargin);
    if (is) reached.push({ key, policy, threshold, isNew: !was, isBlind: !isSeen });
    if (is === was) continue;
    const told = { threshold: key, spentNano: spending?.spentNano ?? 0n, capNano: policy.capNano };
    decisions.push({ kind: is ? "reached" : "cleared", ...told, ...(isForecast(threshold) ? { hours } : {}) });
  }
  decisions.push(...forgotten(control, state, spending?.spentNano ?? 0n));
  const isAsked = [...thresholds.values()].some(({ threshold }) => isForecast(threshold));
  const blindForecast: Held | undefined =
    isAsked && forecast.outcome !== "fresh" ? { what: "exhaustion", reason: "no_signal", detail: forecast.detail } : undefined;
  if (isFresh || thresholds.size === 0) return { reached, decisions, blind: undefined, blindForecast };
  const detail = spending === undefined ? "spending is missing" : `spending is ${Math.floor(ageMs / 1000)} s old`;
  return { reached, decisions, blind: { what: "spending", reason: "no_signal", detail }, blindForecast };
}

/** Thresholds that no policy has any more. */
function forgotten({ thresholds }: SubjectControl, { reached }: ControlState, spentNano: bigint): Decision[] {
  return reached.filter((key) => !thresholds.has(key)).map((threshold) => ({ kind: "cleared", threshold, spentNano, capNano: 0n }));
}

function isReached({ capNano }: SubjectPolicy, { share }: SpendThreshold, spentNano: bigint, was: boolean, margin: bigint): boolean {
  // Half of a small threshold, or it could never clear.
  const slack = was ? (margin * 2n < share ? margin : share / 2n) : 0n;
  return spentNano * WHOLE_SHARE >= capNano * (share - slack);
}

const HOUR_MS = 3_600_000;
/** Room that a cap must have beyond the end of its window before what was begun for it is taken back. */
const ROOM_TO_CLEAR = 1.25;

/**
 * Whether the cap will be spent so soon, and before its window ends. The levers that answer make the forecast better, so it clears only once
 * the cap lasts through the window with a quarter to spare; where the end of the window is not known, twice as long as the threshold says.
 */
function isNear({ withinMs }: ForecastThreshold, hours: number, was: boolean, { windowEndsAt }: Spending, now: Instant): boolean {
  const within = withinMs / HOUR_MS;
  if (windowEndsAt === undefined) return hours <= (was ? within * 2 : within);
  const left = (windowEndsAt - now) / HOUR_MS;
  return was ? hours <= left * ROOM_TO_CLEAR : hours <= Math.min(within, left);
}
