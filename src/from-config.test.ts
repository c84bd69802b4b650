import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setBudget } from "./api/budget-change.ts";
import { parseConfig } from "./config/read-config.ts";
import { usd } from "./core/money/usd.ts";
import { BudgetCatalog } from "./data/store/budget-catalog.ts";
import { openSqliteLedgerStore } from "./data/store/sqlite-ledger-store.ts";
import { applyBudgets } from "./from-config.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";

const AT = Date.parse("2026-11-21T12:00:00Z");
let folder: string;
let store: LedgerStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-from-config-"));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(limitUsd: string): Promise<{ catalog: BudgetCatalog; changedSince: string[] }> {
  const config = parseConfig(`budgets:\n  - scope: { tenant: acme }\n    limit_usd: "${limitUsd}"\n`, "ballast.yaml", {});
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
  const catalog = await BudgetCatalog.open(store, null);
  return { catalog, changedSince: await applyBudgets(config, catalog, AT) };
}

describe("the budgets of the configuration file", () => {
  it("are set once, give way to a change by API over restarts, and win again when the file changes", async () => {
    const first = await start("10");
    expect(first.changedSince).toEqual([]);
    const place = { selector: { tenant: "acme" }, window: "month", coversWhenNew: "rest" } as const;
    await setBudget(place, { limitNano: usd("5") }, "an incident", { budgets: first.catalog, defaultBudget: null, now: () => AT });
    await store.close();

    const second = await start("10");
    expect(second.changedSince).toEqual(["tenant=acme"]);
    expect(second.catalog.get("tenant=acme")).toMatchObject({ limitNano: usd("5"), origin: "api" });
    expect(await store.audit(10)).toHaveLength(2);
    await store.close();

    const third = await start("20");
    expect(third.changedSince).toEqual([]);
    expect(third.catalog.get("tenant=acme")).toMatchObject({ limitNano: usd("20"), origin: "config" });
  });
});
