import { describe, expect, it } from "vitest";
import { type Budget, openAccount } from "../core/ledger/budget.ts";
import { usd } from "../core/money/usd.ts";
import { windowAt } from "../core/time/window.ts";
import { NearestBudgets } from "./nearest-budgets.ts";

const AT = Date.parse("2025-11-15T12:00:00Z");
const MINUTE_MS = 60_000;

function aBudget(id: string): Budget {
  const limits = {
    limitNano: usd("100"),
    window: "month",
    zone: "UTC",
    hard: true,
    onShort: "deny",
    thresholds: [],
    warnPercent: 80,
  } as const;
  return { ...limits, id, selector: { tenant: id }, covers: "all", origin: "api", createdAt: AT, updatedAt: AT };
}

/** Budgets b0, b1, …; each has spent as many dollars as its number, unless said otherwise. */
function many(count: number) {
  const all = Array.from({ length: count }, (_, index) => aBudget(`b${index}`));
  const spent = new Map(all.map(({ id }, index) => [id, usd(String(index % 100))]));
  const asked: number[] = [];
  let down = false;
  const nearest = new NearestBudgets({
    budgets: { lasting: () => all, get: (id: string) => all.find((budget) => budget.id === id) } as never,
    desk: {
      async status(ids) {
        if (down) throw new Error("the store is down");
        asked.push(ids.length);
        return ids.map((id) => {
          const account = { ...openAccount(aBudget(id), windowAt("month", "UTC", AT)), spentNano: spent.get(id)! };
          return {
            ...account,
            heldNano: 0n,
            idleNano: 0n,
            elsewhereNano: 0n,
            freeNano: account.limitNano - account.spentNano,
            hasRefused: false,
          };
        });
      },
    },
  });
  return { nearest, spent, asked, break: (now: boolean) => (down = now) };
}

describe("the budgets that are shown", () => {
  it("are all of them where they are few", async () => {
    const { nearest, asked } = many(3);
    const { shown, omitted } = await nearest.standings(3, AT);
    expect([shown.map(({ budget }) => budget.id), omitted, asked]).toEqual([["b0", "b1", "b2"], 0, [3]]);
  });

  it("are those closest to their limits where they are many, found in small questions", async () => {
    const { nearest, asked } = many(2000);
    const { shown, omitted } = await nearest.standings(20, AT);
    expect(shown.every(({ account }) => account.spentNano === usd("99"))).toBe(true);
    expect([shown.length, omitted]).toEqual([20, 1980]);
    expect(asked).toEqual([500, 500, 500, 500, 20]);
  });

  it("are chosen at most once a minute, and their numbers are those of the moment", async () => {
    const { nearest, spent, asked } = many(600);
    await nearest.standings(6, AT);
    const walked = asked.length;
    spent.set("b99", usd("99.5"));
    spent.set("b0", usd("100"));
    const { shown } = await nearest.standings(6, AT + MINUTE_MS - 1);
    expect(shown.find(({ budget }) => budget.id === "b99")?.account.spentNano).toBe(usd("99.5"));
    expect([asked.length - walked, shown.some(({ budget }) => budget.id === "b0")]).toEqual([1, false]);
    // The old choice is given at once while a new one is made.
    await nearest.standings(6, AT + MINUTE_MS);
    await new Promise(setImmediate);
    expect((await nearest.standings(6, AT + MINUTE_MS + 1)).shown[0]?.budget.id).toBe("b0");
  });

  it("are looked for again after the store could not answer", async () => {
    const kit = many(600);
    kit.break(true);
    await expect(kit.nearest.standings(6, AT)).rejects.toThrow("the store is down");
    kit.break(false);
    expect((await kit.nearest.standings(6, AT)).shown).toHaveLength(6);
  });
});
