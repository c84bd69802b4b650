import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeversInForce } from "../levers/levers-in-force.ts";
import { afterDecisions } from "../policy/after-decisions.ts";
import { decide } from "../policy/decide.ts";
import { FRESH_STATE } from "../policy/decision.ts";
import { decisionText } from "../policy/decision-text.ts";
import { aControl, actions, START } from "../policy/policy-test-kit.ts";
import { type EffectTerms, LeverEffects, type TracedCall } from "./lever-effects.ts";
import { replayCalls } from "./replay-calls.ts";
import { dryRunTrace } from "./trace-dry-run.ts";

/** A tenth of a cent for each token of the prompt, four for each of the answer; a tenth of that for the small model. */
const terms: EffectTerms = {
  ...{ hitsPerLevel: 10, compressedTo: 80, batchPrice: 50 },
  listNano: (_, model, prompt, gen) => BigInt(prompt + 4 * gen) * (model === "small" ? 100_000n : 1_000_000n),
};

function aCall(seconds: number, more: Partial<TracedCall> = {}): TracedCall {
  const call = { promptTokens: 1000, genTokens: 300, ...more };
  return {
    ...{ at: START + seconds * 1000, priority: "p1", model: "large", latencyMs: 800, isError: false, isCached: false, grounded: undefined },
    costNano: terms.listNano(call as TracedCall, "own", call.promptTokens, call.genTokens),
    ...call,
  };
}

const hourOfCalls = (everySeconds = 2) => Array.from({ length: 3600 / everySeconds }, (_, call) => aCall(call * everySeconds));
const control = aControl({
  thresholds: [
    { share: 250_000n, actions: actions("notify:#finops", "route_small_model>=50%") },
    { share: 500_000n, actions: actions("enable_prompt_compress") },
  ],
});

describe("a dry run on a trace", () => {
  it("turns the levers as the trace is spent, says what each saved, and comes to the share that was asked for without them", () => {
    const { share, savings, beforeNano, afterNano, phases, checks, assumed } = dryRunTrace(control, hourOfCalls(), terms, 900_000n);
    expect(share.without).toBe(900_000n);
    expect(share.with).toBe((900_000n * afterNano) / beforeNano);
    expect(savings.map(({ lever }) => lever)).toEqual(["small_model_share", "prompt_compression"]);
    expect(savings.reduce((sum, { nano }) => sum + nano, 0n)).toBe(beforeNano - afterNano);
    const applied = phases[0]!.events.flatMap(({ verdict }) => verdict.decisions.filter(({ kind }) => kind === "apply").map(decisionText));
    expect(applied).toEqual([
      "apply small_model_share off -> 25",
      "apply small_model_share 25 -> 50",
      "apply prompt_compression off -> on",
    ]);
    expect(assumed).toEqual([{ guardrail: "grounded", holding: 4.6 }]);
    expect(checks.map(({ passed }) => passed)).toEqual([true, true, true, true]);
  });

  it("breaks each guardrail once, with the first change, and the engine turns back within the bound", () => {
    const { phases, checks } = dryRunTrace(control, hourOfCalls(), terms, 900_000n);
    expect(phases.map(({ name }) => name)).toEqual([
      "the trace",
      "p95_latency_ms breaks with the first change",
      "error_rate breaks with the first change",
      "grounded breaks with the first change",
      "a new month",
    ]);
    expect(phases[2]!.events[0]!.verdict.decisions.map(decisionText)[0]).toBe("revert small_model_share 25 -> off (error_rate)");
    expect(checks[0]!.detail).toMatch(/^after at most (30|60) s and \d{1,2} calls$/);
  });

  it("says of a trace with too few calls why nothing was done", () => {
    const { heldBack, notPlayed, savings } = dryRunTrace(control, hourOfCalls(60), terms, 900_000n);
    expect(savings).toEqual([]);
    expect(heldBack[0]).toMatch(/^small_model_share no_signal: .*samples, fewer than 30/);
    expect(notPlayed).toContain("error_rate: no lever that it guards was turned");
  });

  it("holds still where the trace itself breaks a guardrail", () => {
    const slow = hourOfCalls().map((call) => ({ ...call, latencyMs: 1300 }));
    const { heldBack, savings } = dryRunTrace(control, slow, terms, 900_000n);
    expect([savings, heldBack.map((text) => text.split(":")[0])]).toEqual([
      [],
      ["small_model_share guardrail", "prompt_compression guardrail"],
    ]);
  });
});

describe("a replay", () => {
  const effectsOf = () => {
    const effects = new LeverEffects(terms);
    return (call: TracedCall, levers: LeversInForce) => effects.treat({ ...call, grounded: 4.6 }, levers).outcome;
  };

  it("decides what the engine decides of the same facts, tick by tick", () => {
    const scale = { top: control.policies[0]!.capNano, bottom: 1_800n * aCall(0).costNano };
    let state = FRESH_STATE;
    let ticks = 0;
    for (const tick of replayCalls({ control, calls: hourOfCalls(), outcomeOf: effectsOf(), scale })) {
      const verdict = decide(control, tick.facts, state, [], tick.now);
      state = afterDecisions(state, verdict.decisions, tick.now);
      expect([verdict, state]).toEqual([tick.verdict, tick.state]);
      ticks += 1;
    }
    expect(ticks).toBe(120);
  });

  it("looks every 30 seconds, or after 100 calls", () => {
    const dense = Array.from({ length: 1000 }, (_, call) => aCall(call / 10));
    const ticks = [...replayCalls({ control, calls: dense, outcomeOf: effectsOf(), scale: { top: 0n, bottom: 1n } })];
    expect(ticks.slice(0, 3).map(({ now, calls }) => [now - START, calls])).toEqual([
      [9900, 100],
      [19_900, 200],
      [29_900, 300],
    ]);
    const sparse = [...replayCalls({ control, calls: [aCall(0), aCall(95)], outcomeOf: effectsOf(), scale: { top: 0n, bottom: 1n } })];
    expect(sparse.map(({ now, calls }) => [(now - START) / 1000, calls])).toEqual([
      [30, 1],
      [60, 1],
      [90, 1],
      [120, 2],
    ]);
  });
});

describe("what levers are taken to do to a call", () => {
  it("saves, lever by lever, exactly what the call costs less", () => {
    const levers = fc.record(
      {
        small_model_share: fc.integer({ min: 1, max: 100 }),
        prompt_compression: fc.constant(1),
        response_cap_tokens: fc.integer({ min: 16, max: 500 }),
        cache_aggressiveness: fc.integer({ min: 1, max: 3 }),
        cache_only: fc.constant(1),
        batch_deferral: fc.constant(1),
        pace_p2: fc.constantFrom(0, 25, 50, 75),
        "feature_freeze/large_model": fc.constant(1),
      },
      { requiredKeys: [] },
    );
    const call = fc.record({
      ...{ promptTokens: fc.nat(100_000), genTokens: fc.nat(10_000), priority: fc.constantFrom("p0", "p1", "p2"), isCached: fc.boolean() },
      costNano: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    });
    fc.assert(
      fc.property(levers, fc.array(call as fc.Arbitrary<Partial<TracedCall>>, { maxLength: 30 }), (inForce, calls) => {
        const effects = new LeverEffects(terms);
        return calls.every((one, index) => {
          const traced = aCall(index, one);
          const { outcome, saved } = effects.treat(traced, inForce as LeversInForce);
          const isServed = traced.priority !== "p0" || inForce.cache_only !== undefined || !outcome.isRefused;
          return (
            traced.costNano - outcome.costNano === saved.reduce((sum, [, nano]) => sum + nano, 0n) && outcome.costNano >= 0n && isServed
          );
        });
      }),
    );
  });

  it("chooses the share of the calls that the lever says", () => {
    const effects = new LeverEffects(terms);
    const small = Array.from({ length: 1000 }, (_, index) => effects.treat(aCall(index), { small_model_share: 65 })).filter(
      ({ saved }) => saved.length > 0,
    );
    expect(small).toHaveLength(650);
  });
});
