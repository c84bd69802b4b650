import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PacingFacts } from "../forecast/pacing.ts";
import type { Instant } from "../time/window.ts";
import { afterDecisions } from "./after-decisions.ts";
import { decide } from "./decide.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "./decision.ts";
import { decisionText } from "./decision-text.ts";
import { aControl, actions, CAP_NANO, MINUTE_MS, START, someFacts } from "./policy-test-kit.ts";

const HOUR_MS = 3_600_000;
const MONTH_END = START + 200 * HOUR_MS;
const predictive = aControl({
  thresholds: [
    { share: 950_000n, actions: actions("enforce_cache_only") },
    { withinMs: 72 * HOUR_MS, actions: actions("notify:#finops", "enable_prompt_compress") },
    { withinMs: 24 * HOUR_MS, actions: actions("protect_p0") },
  ],
});
const turnsNothing = (verdict: Verdict) => verdict.decisions.every(({ kind }) => kind !== "apply");

class Course {
  state: ControlState = FRESH_STATE;
  held: string[] = [];

  at(minute: number, hours: number | undefined, more: { ageMs?: number; burn?: number; pacing?: PacingFacts; endsAt?: Instant } = {}) {
    const now = START + minute * MINUTE_MS;
    const facts = someFacts(now, { burn: more.burn ?? 0.5, values: hours === undefined ? {} : { exhaustion: hours } });
    const exhaustion = facts.signals.exhaustion;
    const signals = exhaustion ? { ...facts.signals, exhaustion: { ...exhaustion, observedAt: now - (more.ageMs ?? 0) } } : facts.signals;
    const spending = facts.spending && { ...facts.spending, windowEndsAt: more.endsAt ?? MONTH_END };
    const given: SubjectFacts = { signals, spending, pacing: more.pacing && { ...more.pacing, observedAt: now } };
    const { decisions, held } = decide(predictive, given, this.state, [], now);
    this.state = afterDecisions(this.state, decisions, now);
    this.held = held.map(({ what, reason }) => `${what} ${reason}`);
    return decisions.map(decisionText);
  }
}

describe("a forecast of exhaustion", () => {
  it("begins the actions before the cap is reached, and says by which forecast", () => {
    const course = new Course();
    expect(course.at(0, 80)).toEqual([]);
    expect(course.at(1, 72)).toEqual(["reached spend_slo.yaml@3d", "notify #finops", "apply prompt_compression off -> on"]);
    const { decisions } = decide(predictive, someFacts(START, { burn: 0.5, values: { exhaustion: 71 } }), FRESH_STATE, [], START);
    expect(decisions[0]).toMatchObject({ kind: "reached", threshold: "spend_slo.yaml@3d", hours: 71 });
    expect(decisions.find(({ kind }) => kind === "apply")).toMatchObject({ because: ["spend_slo.yaml@3d"] });
  });

  it("asks for nothing where the cap lasts until its window ends", () => {
    expect(new Course().at(0, 60, { endsAt: START + 50 * HOUR_MS })).toEqual([]);
    expect(new Course().at(0, 40, { endsAt: START + 50 * HOUR_MS })).toContain("reached spend_slo.yaml@3d");
  });

  it("is over only when the cap lasts through the window with a quarter to spare, so that its own levers do not end it", () => {
    const course = new Course();
    course.at(0, 70);
    expect(course.at(10, 150)).toEqual(["keep prompt_compression on"]);
    expect(course.at(20, 249)).toEqual([]);
    expect(course.at(30, 251)).toEqual(["cleared spend_slo.yaml@3d", "revert prompt_compression on -> off (cleared)"]);
  });

  it("that is stale, missing or no number begins nothing and ends nothing, and says so", () => {
    const course = new Course();
    expect(course.at(0, 10, { ageMs: 121_000 })).toEqual([]);
    expect(course.held).toEqual(["exhaustion no_signal"]);
    expect(course.at(1, undefined)).toEqual([]);
    expect(course.at(2, Number.NaN)).toEqual([]);
    course.at(3, 70);
    expect(course.at(4, 9999, { ageMs: 121_000 })).toEqual([]);
    expect(course.at(20, undefined)).toEqual(["keep prompt_compression on"]);
    expect(course.state.reached).toEqual(["spend_slo.yaml@3d"]);
  });

  it("never turns a lever on while it is not fresh, whatever is remembered, and flaps no more than spending does", () => {
    const moment = fc.record({
      afterMs: fc.integer({ min: 1_000, max: 900_000 }),
      hours: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
      isStale: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (history) => {
        let state = FRESH_STATE;
        let now = START;
        let appliedAt = Number.NEGATIVE_INFINITY;
        return history.every(({ afterMs, hours, isStale }) => {
          now += afterMs;
          const facts = someFacts(now, { burn: 0.5, values: hours === undefined ? {} : { exhaustion: hours } });
          const { exhaustion } = facts.signals;
          const aged = exhaustion ? { exhaustion: { ...exhaustion, observedAt: isStale ? now - 900_000 : now } } : {};
          const verdict = decide(predictive, { ...facts, signals: { ...facts.signals, ...aged } }, state, [], now);
          state = afterDecisions(state, verdict.decisions, now);
          if (hours === undefined || isStale) return turnsNothing(verdict);
          const applies = verdict.decisions.filter(({ kind }) => kind === "apply");
          const isSlow = applies.length === 0 || now - appliedAt >= predictive.pace.coolDownMs;
          if (applies.length > 0) appliedAt = now;
          return isSlow;
        });
      }),
    );
  });
});

describe("protect_p0", () => {
  const needed = (p0: number, p1: number, p2: number): PacingFacts => {
    const part = (percent: number) => (CAP_NANO * BigInt(percent)) / 100n;
    return { observedAt: START, windowEndsAt: MONTH_END, neededNano: { p0: part(p0), p1: part(p1), p2: part(p2) } };
  };

  it("paces p2 step by step to what is left, and p1 only when p2 is gone", () => {
    const course = new Course();
    // Half of the cap is left: 20 for p0, 20 for p1, so 10 of the 40 that p2 needs.
    const pacing = needed(20, 20, 40);
    expect(course.at(0, 20, { pacing })).toContain("apply pace_p2 off -> 75");
    expect(course.at(10, 20, { pacing })).toContain("apply pace_p2 75 -> 50");
    expect(course.at(20, 20, { pacing })).toContain("apply pace_p2 50 -> 25");
    expect(course.at(30, 20, { pacing })).toEqual(["keep pace_p2 25"]);
    expect(course.at(40, 20, { pacing: needed(45, 10, 40) })).toEqual(["apply pace_p2 25 -> 0", "apply pace_p1 off -> 75"]);
  });

  it("loosens when there is room again, and stays where it is while nothing fresh is known", () => {
    const course = new Course();
    course.at(0, 20, { pacing: needed(20, 20, 18) });
    expect(course.at(10, 20)).toEqual(["keep pace_p2 75", "keep prompt_compression on"].sort().reverse());
    expect(course.held).toEqual(["protect_p0 no_signal"]);
    expect(course.at(20, 20, { pacing: needed(10, 10, 10) })).toEqual(["revert pace_p2 75 -> off (cleared)"]);
  });
});
