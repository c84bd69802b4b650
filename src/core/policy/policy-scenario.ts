import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import type { Signals } from "../levers/signal.ts";
import { SIGNALS, type SignalName } from "../levers/signal-list.ts";
import type { Instant } from "../time/window.ts";
import type { Approval } from "./approval.ts";
import type { SubjectFacts } from "./decision.ts";
import { decidedTexts, valueText } from "./decision-text.ts";
import { type ReplayedTick, replayCourse } from "./replay-course.ts";
import { pointAt, type SeriesPoint } from "./signal-series.ts";
import type { SubjectControl } from "./subject-control.ts";

/** One test of a policy: signals over virtual time, and what is to come of them. */
export interface PolicyScenario {
  readonly name: string;
  readonly control: SubjectControl;
  readonly start: Instant;
  readonly intervalMs: number;
  readonly ticks: number;
  /** Of the first policy's cap. */
  readonly burn: readonly SeriesPoint[] | undefined;
  readonly signals: Readonly<Partial<Record<SignalName, readonly SeriesPoint[]>>>;
  readonly approvals: readonly Approval[];
  readonly failing: ReadonlySet<LeverId>;
  readonly expectations: readonly Expectation[];
  /** Every decision of the whole test must be expected. */
  readonly isComplete: boolean;
}

export interface Expectation {
  readonly tick: number;
  /** As `decisionText` writes them, in any order. Undefined: not looked at. */
  readonly decisions: readonly string[] | undefined;
  readonly levers: readonly { readonly lever: LeverId; readonly value: number }[];
  /** "small_model_share held_off": that these are held, others may be too. */
  readonly held: readonly string[];
}

/** A tick that is not as expected. */
export interface Mismatch {
  readonly tick: number;
  /** What was expected and did not come. */
  readonly missing: readonly string[];
  /** What came and was not expected. */
  readonly unexpected: readonly string[];
  /** What was expected and came. */
  readonly matched: readonly string[];
}

export interface ScenarioOutcome {
  readonly name: string;
  readonly ticks: readonly ReplayedTick[];
  readonly mismatches: readonly Mismatch[];
}

export function runScenario(scenario: PolicyScenario): ScenarioOutcome {
  const { control, start, intervalMs, ticks: count, approvals, failing } = scenario;
  const factsAt = (tick: number, now: Instant) => factsOf(scenario, tick, now);
  const ticks = replayCourse({ control, start, intervalMs, ticks: count, factsAt, approvals, failing });
  const expected = new Map(scenario.expectations.map((expectation) => [expectation.tick, expectation]));
  const mismatches = ticks.flatMap((replayed, tick): Mismatch[] => {
    const expectation = expected.get(tick);
    const silent: Expectation = { tick, decisions: [], levers: [], held: [] };
    const mismatch = expectation ? compare(expectation, replayed) : scenario.isComplete ? compare(silent, replayed) : undefined;
    return mismatch && mismatch.missing.length + mismatch.unexpected.length > 0 ? [mismatch] : [];
  });
  return { name: scenario.name, ticks, mismatches };
}

function compare({ tick, decisions, levers, held }: Expectation, replayed: ReplayedTick): Mismatch {
  const found = decisions ? decidedTexts(replayed.verdict) : [];
  const wanted = [...(decisions ?? [])];
  const matched: string[] = [];
  const unexpected: string[] = [];
  for (const text of found) {
    const place = wanted.indexOf(text);
    if (place < 0) unexpected.push(text);
    else matched.push(...wanted.splice(place, 1));
  }
  for (const { lever, value } of levers) {
    const is = leverState(replayed.state.levers, lever).value;
    const text = (of: number) => `${lever} is ${valueText(lever, of)}`;
    if (is === value) matched.push(text(is));
    else {
      wanted.push(text(value));
      unexpected.push(text(is));
    }
  }
  const holds = replayed.verdict.held.map(({ what, reason }) => `${what} ${reason}`);
  for (const text of held) (holds.includes(text) ? matched : wanted).push(text);
  return { tick, missing: wanted, unexpected, matched };
}

const DAY_MS = 86_400_000;
const MANY_SAMPLES = 1_000_000;

function factsOf({ burn, signals, control }: PolicyScenario, tick: number, now: Instant): SubjectFacts {
  const measured: Signals = Object.fromEntries(
    (Object.entries(signals) as [SignalName, readonly SeriesPoint[]][]).flatMap(([name, points]) => {
      const measurement = measurementAt(points, tick, now);
      return measurement ? [[name, { name, windowMs: SIGNALS[name].windowMs, ...measurement }]] : [];
    }),
  );
  const share = burn && measurementAt(burn, tick, now);
  if (!share) return { signals: measured, spending: undefined };
  const capNano = control.policies[0]?.capNano ?? 0n;
  const spentNano = (capNano * BigInt(Math.round(share.value * 1e9))) / 1_000_000_000n;
  return { signals: measured, spending: { spentNano, observedAt: share.observedAt } };
}

function measurementAt(points: readonly SeriesPoint[], tick: number, now: Instant) {
  const point = pointAt(points, tick);
  const before = points.slice(0, Math.min(tick, points.length - 1)).findLast(({ kind }) => kind === "value");
  const last = before?.kind === "value" ? before.value : 0;
  switch (point.kind) {
    case "value":
      return { value: point.value, samples: MANY_SAMPLES, observedAt: now };
    case "missing":
      return undefined;
    case "stale":
      return { value: last, samples: MANY_SAMPLES, observedAt: now - DAY_MS };
    case "few":
      return { value: last, samples: 1, observedAt: now };
    default:
      return point satisfies never;
  }
}

/** The value that a scenario means: "off", "on" or a number; undefined for anything else. */
export function leverValue(lever: LeverId, text: string): number | undefined {
  const { off, unit, least, most } = leverKind(lever);
  if (text === "off") return off;
  if (text === "on") return unit === "switch" ? 1 : undefined;
  const value = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
