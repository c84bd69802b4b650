import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TenantCall } from "./budget-call.ts";
import { BudgetExceededError, type BudgetRefusal } from "./budget-errors.ts";
import { type CheckAnswer, StatusCache } from "./status-cache.ts";

const MINUTE_MS = 60_000;

function aCall(promptTokens: number, completionTokens: number, rest: Partial<TenantCall> = {}): TenantCall {
  return { tenant: "acme", model: "sonnet", promptTokens, completionTokens, ...rest };
}

/** In Ballast's numbers, of which the cache reads two. */
function anAnswer(estimatedUsd: number, remainingUsd: number | null): CheckAnswer {
  return { estimated_cost_usd: estimatedUsd, remaining_usd: remainingUsd, allowed: true, warning: false } as CheckAnswer;
}

function aRefusal(retryAfterSeconds = 3600): BudgetExceededError {
  return new BudgetExceededError({ message: "AI Budget Exceeded" } as BudgetRefusal, retryAfterSeconds, false);
}

describe("the status cache", () => {
  it("admits from one answer what fits into it together, and no more", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepAnswer(aCall(100, 100), anAnswer(0.25, 1), 0);
    const admitted = [1, 2, 3, 4, 5].filter((now) => cache.admit(aCall(100, 100), now) !== undefined);
    // The first of the four that fit is the call that was asked about.
    expect(admitted).toEqual([1, 2, 3]);
  });

  it("leaves a call to Ballast that is larger than all it knows a price of", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepAnswer(aCall(100, 100), anAnswer(0.1, 100), 0);
    expect(cache.admit(aCall(100, 100), 1)).toBeDefined();
    expect(cache.admit(aCall(10, 100), 1)).toBeDefined();
    expect(cache.admit(aCall(101, 1), 1)).toBeUndefined();
    expect(cache.admit(aCall(1, 101), 1)).toBeUndefined();
    expect(cache.admit({ tenant: "acme", model: "sonnet", estimatedCostUsd: 99.9 }, 1)).toBeUndefined();
    expect(cache.admit({ tenant: "acme", model: "sonnet", estimatedCostUsd: 99 }, 1)).toBeDefined();
  });

  it("leaves to Ballast what cannot be a call, so that it says why", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepAnswer(aCall(100, 100), anAnswer(0.1, 100), 0);
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(cache.admit(aCall(bad, 1), 1)).toBeUndefined();
      expect(cache.admit({ tenant: "acme", model: "sonnet", estimatedCostUsd: bad }, 1)).toBeUndefined();
    }
  });

  it("keeps budgets apart: of models, tenants and every other dimension", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepAnswer(aCall(100, 100), anAnswer(0.1, 100), 0);
    expect(cache.admit(aCall(1, 1, { model: "opus" }), 1)).toBeUndefined();
    expect(cache.admit(aCall(1, 1, { tenant: "birch" }), 1)).toBeUndefined();
    expect(cache.admit(aCall(1, 1, { feature: "search" }), 1)).toBeUndefined();
  });

  it("knows nothing after a minute, and nothing of a tenant whose usage was booked", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepAnswer(aCall(1, 1), anAnswer(0, 100), 0);
    cache.keepAnswer(aCall(1, 1, { tenant: "birch" }), anAnswer(0, 100), 0);
    expect(cache.admit(aCall(1, 1), MINUTE_MS - 1)).toBeDefined();
    expect(cache.admit(aCall(1, 1), MINUTE_MS)).toBeUndefined();
    cache.forget("birch");
    expect(cache.admit(aCall(1, 1, { tenant: "birch" }), 1)).toBeUndefined();
  });

  it("repeats a refusal for calls no smaller, for five seconds and not beyond the reset", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    cache.keepRefusal(aCall(100, 100), aRefusal(), 0);
    expect(cache.admit(aCall(100, 101), 4999)).toHaveProperty("refusal");
    expect(cache.admit(aCall(99, 1000), 1)).toBeUndefined();
    expect(cache.admit(aCall(100, 100), 5000)).toBeUndefined();
    cache.keepRefusal(aCall(100, 100), aRefusal(2), 0);
    expect(cache.admit(aCall(100, 100), 2000)).toBeUndefined();
  });

  it("never admits what its own numbers refuse, whatever is asked in whatever order", () => {
    const size = fc.nat(50);
    const step = fc.record({ prompt: size, completion: size, remainingNano: fc.nat(400), isFresh: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new StatusCache(MINUTE_MS, 5000);
        let leftNano: number | undefined;
        steps.forEach(({ prompt, completion, remainingNano, isFresh }, now) => {
          const costNano = prompt * 2 + completion * 5;
          if (isFresh && costNano <= remainingNano) {
            cache.keepAnswer(aCall(prompt, completion), anAnswer(costNano / 1e9, remainingNano / 1e9), now);
            leftNano = remainingNano - costNano;
          } else if (cache.admit(aCall(prompt, completion), now)) {
            leftNano = leftNano! - costNano;
            expect(leftNano).toBeGreaterThanOrEqual(0);
          }
        });
      }),
    );
  });

  it("holds a bounded number of statuses, and forgets the oldest first", () => {
    const cache = new StatusCache(MINUTE_MS, 5000);
    for (let tenant = 0; tenant <= 1000; tenant++) cache.keepAnswer(aCall(1, 1, { tenant: `t${tenant}` }), anAnswer(0, 100), 0);
    expect(cache.admit(aCall(1, 1, { tenant: "t0" }), 1)).toBeUndefined();
    expect(cache.admit(aCall(1, 1, { tenant: "t1" }), 1)).toBeDefined();
  });
});
