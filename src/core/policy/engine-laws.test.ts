import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { type LeverState, leverState } from "../levers/lever-state.ts";
import { isCheaper } from "../levers/lever-step.ts";
import type { Instant } from "../time/window.ts";
import { afterDecisions } from "./after-decisions.ts";
import type { Approval } from "./approval.ts";
import { decide } from "./decide.ts";
import { type ControlState, type Decision, FRESH_STATE, type SubjectFacts } from "./decision.ts";
import { aControl, actions, aPolicy, factsOf, type Moment, moments, START, SUBJECT } from "./policy-test-kit.ts";
import { isTickDue, REVERT_BOUND } from "./tick-due.ts";

/** One lever is asked for by two thresholds, so that it is turned back in part too. */
const control = aControl({
  thresholds: aPolicy().thresholds.map((threshold, index) =>
    index === 0 ? { ...threshold, actions: [...threshold.actions, ...actions("route_small_model>=40%")] } : threshold,
  ),
});
const { pace } = control;

interface Tick {
  readonly now: Instant;
  readonly moment: Moment;
  readonly facts: SubjectFacts;
  readonly before: ControlState;
  readonly decisions: readonly Decision[];
  readonly after: ControlState;
}

/** A history through the engine, every moment a tick. */
function play(history: readonly Moment[], approvals: readonly Approval[] = []): Tick[] {
  let state = FRESH_STATE;
  let now = START;
  return history.map((moment) => {
    now += moment.afterMs;
    const facts = factsOf(moment, now);
    const before = state;
    const { decisions } = decide(control, facts, before, approvals, now);
    state = afterDecisions(before, decisions, now);
    return { now, moment, facts, before, decisions, after: state };
  });
}

const RUNS = { numRuns: 200 };
const changesOf = <Kind extends "apply" | "revert">(ticks: readonly Tick[], kind: Kind) =>
  ticks.flatMap(({ now, decisions }) =>
    decisions.flatMap((one) => (one.kind === kind ? [{ ...(one as Extract<Decision, { kind: Kind }>), now }] : [])),
  );
const isStrictlyFresh = ({ ageMs, samples }: Moment) => ageMs >= 0 && ageMs <= pace.terms.mostAgeMs && samples >= pace.terms.leastSamples;

describe("the engine, over any history of signals", () => {
  it("meets every kind of decision in the histories that are generated", () => {
    const all = fc.sample(moments(), { numRuns: 100, seed: 5 }).flatMap((history) => play(history));
    const decided = all.flatMap(({ decisions }) => decisions);
    const kinds = new Set(decided.map((one) => (one.kind === "revert" ? `revert ${one.cause}` : one.kind)));
    expect([...kinds].sort()).toEqual(
      [
        "apply",
        "ask_approval",
        "cleared",
        "keep",
        "notify",
        "open_postmortem",
        "page",
        "reached",
        "revert cleared",
        "revert guardrail",
      ].sort(),
    );
    expect(decided.filter((one) => one.kind === "apply" && one.lever === "small_model_share" && one.to === 65).length).toBeGreaterThan(20);
    expect(
      decided.filter((one) => one.kind === "revert" && one.cause === "guardrail" && one.to !== leverKind(one.lever).off).length,
    ).toBeGreaterThan(20);
  });

  it("does not flap: a lever is turned at most once in a cool-down, and not at all in the one after it went back", () => {
    fc.assert(
      fc.property(moments(), (history) => {
        const ticks = play(history);
        const applied = changesOf(ticks, "apply");
        const reverted = changesOf(ticks, "revert");
        return applied.every((change) => {
          const near = (other: { lever: string; now: number }) =>
            other.lever === change.lever && Math.abs(other.now - change.now) < pace.coolDownMs;
          const alone = applied.filter(near).length === 1;
          return alone && !reverted.some((other) => near(other) && other.now <= change.now);
        });
      }),
      RUNS,
    );
  });

  it("turns a lever back at most once in a cool-down, broken guardrails aside", () => {
    fc.assert(
      fc.property(moments(), (history) => {
        const reverted = changesOf(play(history), "revert").filter(({ cause }) => cause !== "guardrail");
        return reverted.every(
          (one) => reverted.filter(({ lever, now }) => lever === one.lever && Math.abs(now - one.now) < pace.coolDownMs).length === 1,
        );
      }),
      RUNS,
    );
  });

  it("answers a guardrail that is seen broken on probation with a revert in the same tick", () => {
    fc.assert(
      fc.property(moments(), (history) =>
        play(history).every(({ moment, before, decisions }) => {
          if (!isStrictlyFresh(moment)) return true;
          const isBroken = (moment.p95 ?? 0) > 1200 || (moment.errors ?? 0) > 0.01 || (moment.grounded ?? 5) < 4.2;
          if (!isBroken) return true;
          const watched = (Object.keys(before.levers) as LeverId[]).filter(
            (id) => before.levers[id]!.probation && leverKind(id).guardedBy.length > 0,
          );
          return watched.every((id) =>
            decisions.some(
              (one) => one.kind === "revert" && one.lever === id && !isCheaper(leverKind(id), one.to, before.levers[id]!.before),
            ),
          );
        }),
      ),
      RUNS,
    );
  });

  it("leaves nothing turned that a broken guardrail guards, unless a lever was turned back for it within a cool-down", () => {
    fc.assert(
      fc.property(moments(), (history) =>
        play(history).every(({ now, moment, after }) => {
          if (!isStrictlyFresh(moment)) return true;
          const broken = [
            ...((moment.p95 ?? 0) > 1200 ? (["p95_latency_ms"] as const) : []),
            ...((moment.errors ?? 0) > 0.01 ? (["error_rate"] as const) : []),
            ...((moment.grounded ?? 5) < 4.2 ? (["grounded"] as const) : []),
          ];
          const states = Object.entries(after.levers) as [LeverId, LeverState][];
          return broken.every((name) => {
            const left = states.filter(([id, { value }]) => value !== leverKind(id).off && leverKind(id).guardedBy.includes(name));
            const isRecent = states.some(([, { broke }]) => broke?.guardrails.includes(name) && now - broke.at < pace.coolDownMs);
            return left.length === 0 || isRecent;
          });
        }),
      ),
      RUNS,
    );
  });

  it("does nothing more when it is asked again with the same facts at the same moment", () => {
    fc.assert(
      fc.property(moments(), (history) =>
        play(history).every(({ facts, after, now }) => decide(control, facts, after, [], now).decisions.length === 0),
      ),
      RUNS,
    );
  });

  it("turns no lever on signals that are stale, thin or missing, and none back", () => {
    fc.assert(
      fc.property(moments(), (history) =>
        play(history).every(({ moment, decisions }) => {
          const isBlind = !(moment.ageMs >= 0 && moment.ageMs <= pace.terms.mostAgeMs);
          const hasAll =
            moment.p95 !== undefined && moment.errors !== undefined && moment.grounded !== undefined && moment.burn !== undefined;
          if (isBlind) return decisions.length === 0;
          if (hasAll && moment.samples >= pace.terms.leastSamples) return true;
          // The approval gate breaks nothing, so it waits for no guardrail.
          return decisions.every((one) => one.kind !== "apply" || (one.lever === "exec_approval" && moment.burn !== undefined));
        }),
      ),
      RUNS,
    );
  });

  it("gives the same decisions for the same history, also when its state went through a store", () => {
    fc.assert(
      fc.property(moments(), (history) => {
        const first = play(history);
        let state = FRESH_STATE;
        return first.every(({ facts, now, decisions }) => {
          const again = decide(control, facts, state, [], now).decisions;
          state = JSON.parse(JSON.stringify(afterDecisions(state, again, now))) as ControlState;
          return JSON.stringify(again, withBigints) === JSON.stringify(decisions, withBigints);
        });
      }),
      RUNS,
    );
  });

  it("keeps every lever within its range, moves it by a step at most, and records where it was", () => {
    fc.assert(
      fc.property(moments(), (history) =>
        play(history).every(({ before, decisions }) =>
          decisions.every((one) => {
            if (one.kind !== "apply" && one.kind !== "revert") return true;
            const { least, most, off, step } = leverKind(one.lever);
            const isShort = one.kind === "revert" || one.from === off || Math.abs(one.to - one.from) <= step;
            return (
              one.from === leverState(before.levers, one.lever).value && one.to >= least && one.to <= most && isShort && one.to !== one.from
            );
          }),
        ),
      ),
      RUNS,
    );
  });

  it("leaves nothing turned while an exclusion is in force", () => {
    const approval: Approval = {
      ...{ id: "a1", kind: "exclusion", reason: "security_fix", approver: "VP Platform", subject: SUBJECT },
      ...{ from: START + 1_800_000, until: START + 3_600_000 },
    };
    fc.assert(
      fc.property(moments(), (history) =>
        play(history, [approval]).every(({ now, after }) => {
          if (now < approval.from || now >= approval.until) return true;
          return (Object.keys(after.levers) as LeverId[]).every((id) => leverState(after.levers, id).value === leverKind(id).off);
        }),
      ),
      RUNS,
    );
  });

  it("pages once for a revert that keeps failing, however long it does", () => {
    fc.assert(
      fc.property(moments(), (history) => {
        return stuck(history) <= 1;
      }),
      RUNS,
    );
  });
});

/** How often somebody is paged when a lever that was turned can never be turned back. */
function stuck(history: readonly Moment[]): number {
  let state = FRESH_STATE;
  let now = START;
  let pages = 0;
  for (const moment of history) {
    now += moment.afterMs;
    const { decisions } = decide(control, factsOf(moment, now), state, [], now);
    const reverts = decisions.flatMap((one) => (one.kind === "revert" && one.lever === "prompt_compression" ? [one.lever] : []));
    pages += decisions.filter((one) => one.kind === "page" && one.about === "revert_failed").length;
    state = afterDecisions(state, decisions, now, new Set<LeverId>(reverts));
  }
  return pages;
}

describe("a guardrail that breaks at any moment of a probation", () => {
  it("leads to a revert within 60 seconds or 200 calls, when the engine looks as often as it says", () => {
    const course = fc.record({
      breaksAtMs: fc.integer({ min: 1, max: 599_000 }),
      gapsMs: fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 50, maxLength: 200 }),
      guardrail: fc.constantFrom({ p95: 1201 }, { errors: 0.0101 }, { grounded: 4.19 }),
    });
    fc.assert(
      fc.property(course, ({ breaksAtMs, gapsMs, guardrail }) => {
        const healthy: Moment = { afterMs: 0, burn: 0.95, p95: 900, errors: 0.001, grounded: 4.6, ageMs: 0, samples: 500 };
        let state = afterDecisions(FRESH_STATE, decide(control, factsOf(healthy, START), FRESH_STATE, [], START).decisions, START);
        let tick = { at: START, calls: 0 };
        let sinceBreak = { ms: 0, calls: 0 };
        for (let now = START, call = 0; ; call++) {
          const gapMs = gapsMs[call % gapsMs.length]!;
          now += gapMs;
          tick = { ...tick, calls: tick.calls + 1 };
          const isBroken = now >= START + breaksAtMs;
          if (isBroken) sinceBreak = { ms: now - START - breaksAtMs, calls: sinceBreak.calls + 1 };
          if (!isTickDue(now - tick.at, tick.calls)) continue;
          const facts = factsOf({ ...healthy, ...(isBroken ? guardrail : {}) }, now);
          const { decisions } = decide(control, facts, state, [], now);
          state = afterDecisions(state, decisions, now);
          tick = { at: now, calls: 0 };
          if (isBroken) {
            const reverted = decisions.filter((one) => one.kind === "revert").length;
            return reverted === 5 && sinceBreak.ms <= REVERT_BOUND.ms && sinceBreak.calls <= REVERT_BOUND.calls;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

function withBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
