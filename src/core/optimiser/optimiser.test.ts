import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { leverState } from "../levers/lever-state.ts";
import { SIGNALS } from "../levers/signal-list.ts";
import { afterDecisions } from "../policy/after-decisions.ts";
import type { Approval } from "../policy/approval.ts";
import { decide } from "../policy/decide.ts";
import { type ControlState, type Decision, FRESH_STATE, type SubjectFacts } from "../policy/decision.ts";
import { decisionText } from "../policy/decision-text.ts";
import { aControl, factsOf, moments, START, SUBJECT, someFacts } from "../policy/policy-test-kit.ts";
import { ARM_LEVERS, type Arm, allArms, armInForce, armKey, type OptimiseSettings, placeOf } from "./arm-grid.ts";
import { breakChance, mayBeTried } from "./guardrail-belief.ts";
import { contextAt } from "./review-trial.ts";
import { seededChance } from "./seeded-chance.ts";

const HOUR_MS = 3_600_000;
const TICK_MS = 300_000;
const settings: OptimiseSettings = {
  levers: ["small_model_share", "cache_aggressiveness", "response_cap_tokens"],
  objective: "net_cost",
  explore: 0.05,
};
const control = aControl({ optimise: settings });

/** A world whose costs and guardrails are known: what each place of a lever makes of the cost, and of groundedness. */
interface World {
  readonly cost: Readonly<Record<string, readonly number[]>>;
  readonly loss: Readonly<Record<string, readonly number[]>>;
}

const world: World = {
  // Routing saves most; the highest level of the cache costs more in upkeep than it saves.
  cost: { small_model_share: [1, 0.85, 0.7, 0.56], cache_aggressiveness: [1, 0.9, 0.86, 0.95], response_cap_tokens: [1, 0.93, 0.88] },
  // Three quarters to the small model lose too much ground, and so does half of them together with the short answers.
  loss: { small_model_share: [0, 0.1, 0.28, 0.6], cache_aggressiveness: [0, 0.02, 0.05, 0.1], response_cap_tokens: [0, 0.03, 0.25] },
};
const BASE_USD = 0.004;
const factorOf = (table: World["cost"], arm: Arm, of: (one: number, other: number) => number, from: number) =>
  settings.levers.reduce((value, lever) => of(value, table[lever]![placeOf(arm, lever)]!), from);
/** A cache that answers leaves less to route: together they save a little less than each alone. */
const together = (arm: Arm) => 1 + 0.02 * Math.min(placeOf(arm, "small_model_share"), placeOf(arm, "cache_aggressiveness"));
const costOf = (arm: Arm) => factorOf(world.cost, arm, (one, other) => one * other, BASE_USD) * together(arm);
const groundedOf = (arm: Arm) => 4.7 - factorOf(world.loss, arm, (one, other) => one + other, 0);
const oracle = allArms(settings)
  .filter((arm) => groundedOf(arm) >= 4.2)
  .reduce((one, other) => (costOf(other) < costOf(one) ? other : one));

interface WorldTick {
  readonly now: number;
  readonly arm: Arm;
  readonly decisions: readonly Decision[];
  readonly state: ControlState;
}

/** Days of ticks in the world; its signals are noisy, by the seed. */
function live(days: number, seed: string, of = control): WorldTick[] {
  let state = FRESH_STATE;
  const chance = seededChance(seed);
  const noise = () => (chance() + chance() + chance() - 1.5) * 2;
  return Array.from({ length: (days * 24 * HOUR_MS) / TICK_MS }, (_, tick) => {
    const now = START + tick * TICK_MS;
    const arm = armInForce(settings, state.levers);
    const values = { ucr_1h: costOf(arm) * (1 + 0.03 * noise()), grounded: groundedOf(arm) + 0.01 * noise() };
    const { decisions } = decide(of, someFacts(now, { burn: 0.5, values, samples: 400 }), state, [], now);
    state = JSON.parse(JSON.stringify(afterDecisions(state, decisions, now))) as ControlState;
    return { now, arm, decisions, state };
  });
}

const asText = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);
const meanCost = (ticks: readonly WorldTick[]) => ticks.reduce((sum, { arm }) => sum + costOf(arm), 0) / ticks.length;

describe("the optimiser in a world whose costs are known", () => {
  const week = live(14, "a world");

  it("comes within 6 % of the cheapest arm that breaks nothing within a week, and stays there", () => {
    const second = week.slice(week.length / 2);
    const regret = meanCost(second) / costOf(oracle) - 1;
    expect(armKey(oracle)).toBe("small_model_share=50 cache_aggressiveness=2 response_cap_tokens=700");
    expect(regret).toBeLessThan(0.06);
    // Without it every call would cost all of it.
    expect(meanCost(week)).toBeLessThan(0.7 * BASE_USD);
  });

  it("finds it from any chance: the regret of the second week stays small over three seeds", () => {
    const regrets = Array.from({ length: 3 }, (_, seed) => {
      const ticks = live(14, `seed ${seed}`);
      return meanCost(ticks.slice(ticks.length / 2)) / costOf(oracle) - 1;
    });
    expect(Math.max(...regrets)).toBeLessThan(0.08);
  });

  it("never stays on an arm that breaks: it is off it by the next tick, and does not come back to it for a day", () => {
    const broken = week.filter(({ arm }) => groundedOf(arm) < 4.15);
    for (const { now, arm, decisions } of broken) {
      expect(decisions.some((one) => one.kind === "revert" && one.cause === "guardrail")).toBe(true);
      const soon = broken.filter((other) => other.now > now && other.now < now + 24 * HOUR_MS && armKey(other.arm) === armKey(arm));
      expect(soon).toEqual([]);
    }
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.length / week.length).toBeLessThan(0.005);
  });

  it("moves one lever by one step at a time, on probation like any other change", () => {
    for (const { decisions } of week) {
      const moves = decisions.filter((one) => one.kind === "apply" || (one.kind === "revert" && one.cause === "cleared"));
      expect(moves.length).toBeLessThanOrEqual(1);
      for (const one of moves)
        if (one.kind === "apply") expect([one.because, one.probationUntil]).toEqual([["optimiser"], expect.any(Number)]);
    }
    for (const { decisions, arm } of week) {
      for (const one of decisions) {
        if (one.kind !== "trial" || one.why === "not_reached") continue;
        const steps = settings.levers.map((lever) => Math.abs(placeOf(one.arm, lever) - placeOf(arm, lever)));
        expect(steps.reduce((sum, step) => sum + step, 0)).toBeLessThanOrEqual(1);
      }
    }
  });

  it("is the same for the same subject, state and facts", () => {
    expect(live(3, "a world").at(-1)!.state).toEqual(week[(3 * 24 * HOUR_MS) / TICK_MS - 1]!.state);
  });

  it("needs nothing but its decisions to come to its state", () => {
    let state = FRESH_STATE;
    for (const { now, decisions, state: stored } of week) {
      state = JSON.parse(JSON.stringify(afterDecisions(state, decisions, now))) as ControlState;
      expect(state).toEqual(stored);
    }
  });
});

describe("a policy without an optimiser", () => {
  it("decides as if there were none, over any history, also where a state of one is left", () => {
    const off = aControl();
    const left = live(1, "left")[200]!.state.optimiser!;
    fc.assert(
      fc.property(moments(), (history) => {
        let [plain, remembering]: ControlState[] = [FRESH_STATE, { ...FRESH_STATE, optimiser: left }];
        let now = START;
        return history.every((moment) => {
          now += moment.afterMs;
          const facts = factsOf(moment, now);
          const [one, other] = [decide(off, facts, plain!, [], now), decide(off, facts, remembering!, [], now)];
          [plain, remembering] = [afterDecisions(plain!, one.decisions, now), afterDecisions(remembering!, other.decisions, now)];
          const isSame = JSON.stringify(one.decisions, asText) === JSON.stringify(other.decisions, asText);
          return isSame && plain.optimiser === undefined && one.decisions.every(({ kind }) => kind !== "trial");
        });
      }),
      { numRuns: 100 },
    );
  });

  it("gives back the levers that one has moved", () => {
    const moved = live(2, "moved").findLast(({ state }) => armKey(armInForce(settings, state.levers)) !== "off")!;
    let state = moved.state;
    for (let tick = 1; tick < 10; tick++) {
      const now = moved.now + tick * TICK_MS;
      state = afterDecisions(state, decide(aControl(), someFacts(now, { burn: 0.5 }), state, [], now).decisions, now);
    }
    expect(armKey(armInForce(settings, state.levers))).toBe("off");
  });
});

describe("an optimiser beside everything else", () => {
  const facts = (now: number, burn = 0.5): SubjectFacts => someFacts(now, { burn, values: { ucr_1h: 0.004 } });

  it("tries nothing on spending or costs that are not known", () => {
    expect(decide(control, { ...facts(START), spending: undefined }, FRESH_STATE, [], START).decisions).toEqual([]);
    let state = afterDecisions(FRESH_STATE, decide(control, facts(START), FRESH_STATE, [], START).decisions, START);
    const later = START + SIGNALS.ucr_1h.windowMs;
    const { ucr_1h, ...signals } = facts(later).signals;
    const stale = { ...facts(later), signals: { ...signals, ucr_1h: { ...ucr_1h!, observedAt: START } } };
    for (const blind of [{ ...facts(later), signals }, stale]) expect(decide(control, blind, state, [], later).decisions).toEqual([]);
    const known = decide(control, facts(later), state, [], later).decisions;
    expect(known.map(({ kind }) => kind)).toEqual(["trial", "apply"]);
    state = afterDecisions(state, known, later);
    expect(decide(control, facts(later), state, [], later).decisions).toEqual([]);
  });

  it("is overruled by a threshold that asks for more, and by an exclusion, after which it begins from off", () => {
    const day = live(1, "a day").at(-1)!;
    const approval: Approval = {
      ...{ id: "a", kind: "exclusion", reason: "security_fix", approver: "VP Platform", subject: SUBJECT },
      ...{ from: day.now + 1, until: day.now + HOUR_MS },
    };
    let state = day.state;
    for (let now = day.now + TICK_MS; now < day.now + HOUR_MS; now += TICK_MS) {
      state = afterDecisions(state, decide(control, facts(now), state, [approval], now).decisions, now);
      expect((Object.keys(state.levers) as LeverId[]).filter((id) => leverState(state.levers, id).value !== leverKind(id).off)).toEqual([]);
    }
    expect(armKey(state.optimiser!.arm)).toBe("off");
    const later = day.now + 2 * TICK_MS;
    const asked = decide(control, facts(later, 0.95), { ...day.state, reached: [] }, [], later).decisions.map(decisionText);
    expect(asked).toContain("apply prompt_compression off -> on");
    expect(day.state.optimiser!.arm.response_cap_tokens).toBeLessThan(2);
    expect(asked.some((text) => text.startsWith("revert"))).toBe(false);
  });
});

describe("the laws of the engine", () => {
  it("hold with an optimiser: no flapping, an answer in the same tick, nothing on signals that are thin or stale, nothing more when asked again", () => {
    fc.assert(
      fc.property(moments(), (history) => {
        let state = FRESH_STATE;
        let now = START;
        const changedAt = new Map<string, number>();
        return history.every((moment) => {
          // Trials take hours, so time passes faster than in the other histories.
          now += moment.afterMs * 15;
          const plain = factsOf(moment, now);
          const { p95_latency_ms: like } = plain.signals;
          const signals = like ? { ...plain.signals, ucr_1h: { ...like, name: "ucr_1h" as const, value: 0.004 } } : plain.signals;
          const facts = { ...plain, signals };
          const { decisions } = decide(control, facts, state, [], now);
          const isBlind = !(moment.ageMs >= 0 && moment.ageMs <= control.pace.terms.mostAgeMs) || moment.burn === undefined;
          const flapping = decisions.some((one) => {
            if (one.kind !== "apply" && one.kind !== "revert") return false;
            const isSoon = now - (changedAt.get(one.lever) ?? 0) < control.pace.coolDownMs;
            changedAt.set(one.lever, now);
            return isSoon && !(one.kind === "revert" && one.cause === "guardrail");
          });
          const trials = decisions.filter(({ kind }) => kind === "trial").length;
          state = afterDecisions(state, decisions, now);
          const again = decide(control, facts, state, [], now).decisions.length;
          return !flapping && again === 0 && trials <= 1 && !(isBlind && (trials > 0 || decisions.some(({ kind }) => kind === "apply")));
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe("what is believed of guardrails", () => {
  const arm = (share: number, cache: number): Arm => ({ small_model_share: share, cache_aggressiveness: cache });

  it("counts a break against all that is cheaper, and a trial that held for all that is dearer", () => {
    const evidence = [
      { arm: arm(2, 1), held: 0, broke: 1 },
      { arm: arm(1, 1), held: 5, broke: 0 },
    ];
    expect([arm(2, 1), arm(3, 1), arm(2, 2)].map((one) => mayBeTried(evidence, one))).toEqual([false, false, false]);
    expect([arm(1, 1), arm(0, 1), arm(1, 2), arm(2, 0)].map((one) => mayBeTried(evidence, one))).toEqual([true, true, true, true]);
    expect(breakChance(evidence, arm(0, 1))).toBeLessThan(breakChance([], arm(0, 1)));
  });

  it("never thinks a cheaper arm safer", () => {
    const anyArm = fc.record({ small_model_share: fc.nat(3), cache_aggressiveness: fc.nat(3) });
    const one = fc.record({
      arm: anyArm,
      held: fc.double({ min: 0, max: 20, noNaN: true }),
      broke: fc.double({ min: 0, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), anyArm, fc.constantFrom(...ARM_LEVERS.slice(0, 2)), (evidence, at, lever) => {
        const cheaper = { ...at, [lever]: placeOf(at, lever) + 1 };
        return breakChance(evidence, cheaper) >= breakChance(evidence, at) - 1e-12;
      }),
    );
  });
});

it("tells hours of work from others", () => {
  const at = (text: string) => contextAt(Date.parse(text));
  expect(["2026-11-20T07:00:00Z", "2026-11-20T18:59:59Z"].map(at)).toEqual(["work", "work"]);
  expect(["2026-11-20T06:59:59Z", "2026-11-20T19:00:00Z", "2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z"].map(at)).toEqual(
    Array(4).fill("rest"),
  );
});
