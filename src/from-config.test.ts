import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BudgetWish, planBudget, setBudget } from "./api/budget-change.ts";
import { parseConfig } from "./config/read-config.ts";
import { learnedComplexity } from "./core/learned-router/learned-router.ts";
import { formatUsd, usd } from "./core/money/usd.ts";
import { createPriceBook } from "./core/pricing/price-book.ts";
import { BudgetCatalog } from "./data/store/budget-catalog.ts";
import { openSqliteLedgerStore } from "./data/store/sqlite-ledger-store.ts";
import { applyBudgets, callSettings, defaultBudgetOf, placesOf, runBudgetOf, servedProvider, tiersOf } from "./from-config.ts";
import { createRouteTable } from "./gateway/route-table.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";

const config = parseConfig(
  [
    "default_budget: { limit_usd: 12.5, on_short: fit }",
    "providers:",
    "  - { name: openai-eu, kind: openai, api_key: k }",
    "  - { name: claude, kind: anthropic, api_key: k, headers: { X-Api-Key: other } }",
    "  - { name: house, kind: openai-compatible, base_url: 'http://127.0.0.1:1/v1', models: [tiny] }",
    "routes:",
    "  - { model: best, targets: [{ provider: openai-eu, model: gpt-4o }, { provider: claude, model: claude-sonnet-4-5 }] }",
  ].join("\n"),
  "(test)",
  { environment: () => undefined },
);
const providers = config.providers.map((provider) => servedProvider(provider, undefined));
const routes = createRouteTable(providers, config.routes, () => []);

describe("the configuration as values", () => {
  it("gives a provider its key in the header of its dialect, and lets a header of the file go before it", () => {
    expect(providers.map(({ target }) => target.headers)).toEqual([{ authorization: "Bearer k" }, { "x-api-key": "other" }, {}]);
  });

  it("takes a provider at its word only where the file says so, and reads what its unlisted models hold exactly", () => {
    const said = (more: string) => {
      const text = `providers:\n  - { name: or, kind: openai-compatible, base_url: 'http://127.0.0.1:1'${more} }\ngateway: { ignored_usage_keys: [usage.x] }`;
      const parsed = parseConfig(text, "(test)", { environment: () => undefined });
      const served = parsed.providers.map((provider) => servedProvider(provider, undefined));
      return { target: served[0]!.target, settings: callSettings(parsed, served, createPriceBook({ lists: [] })) };
    };
    expect(said("").target.reportsCost).toBeUndefined();
    expect(said(", price: provider_reported").target.reportsCost).toEqual({ unlistedHoldNano: undefined });
    const held = said(', price: provider_reported, unlisted_hold_usd: "0.1"');
    expect(held.target.reportsCost).toEqual({ unlistedHoldNano: 100_000_000n });
    expect([...held.settings.ignoredUsageKeys]).toEqual(["usage.x"]);
  });

  it("tells how hard a call is by the heuristic, and by the learned router where the file says so", () => {
    const complexityOf = (more: string) => {
      const parsed = parseConfig(`providers: []\n${more}`, "(test)", { environment: () => undefined });
      const { complexityOf: score } = callSettings(parsed, [], createPriceBook({ lists: [] }));
      const lastWords = "Hello, how are you today?";
      return score({ lastWords, characters: lastWords.length, userTurns: 1, tools: 0, structured: false, images: 0 });
    };
    expect(complexityOf("controls: {}")).toBe(0);
    expect(complexityOf("controls: { complexity: learned }")).toBe(learnedComplexity("Hello, how are you today?"));
    expect(learnedComplexity("Hello, how are you today?")).toBeGreaterThan(0);
  });

  it("reads the default budget exactly, and null as none", () => {
    expect(defaultBudgetOf(config)).toMatchObject({ limitNano: 12_500_000_000n, onShort: "fit", window: "month" });
    expect(defaultBudgetOf({ ...config, default_budget: null })).toBeNull();
  });

  it("reads the budget of runs, and null as none", () => {
    const said = parseConfig(
      "run_budget: { limit_usd: 2.5, on_short: template, template: Enough., on_store_down: serve_from_lease }",
      "ballast.yaml",
      {},
    );
    expect(runBudgetOf(said)).toMatchObject({
      limitNano: 2_500_000_000n,
      hard: true,
      onShort: "template",
      template: "Enough.",
      onStoreDown: "serve_from_lease",
      thresholds: [],
    });
    expect(runBudgetOf(config)).toBeNull();
  });

  it("knows where calls of a model may go, in either dialect, each place once", () => {
    expect(placesOf("best", routes)).toEqual([
      { provider: "openai-eu", model: "gpt-4o", priceList: "openai" },
      { provider: "claude", model: "claude-sonnet-4-5", priceList: "anthropic" },
    ]);
    expect(placesOf("house/any", routes)).toEqual([{ provider: "house", model: "any", priceList: "house" }]);
    expect(placesOf("claude-opus-4-1", routes).map(({ provider }) => provider)).toEqual(["claude"]);
    expect(placesOf("nobody-knows", routes)).toEqual([]);
  });
});

describe("the budgets of the configuration file", () => {
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

  it("follow their tier when the file changes it, also those that the API gave the tier, but for what is their own", async () => {
    const open = async (tier: string) => {
      const config = parseConfig(
        `tiers: [{ name: gold, ${tier} }]\nbudgets: [{ scope: { tenant: acme }, tier: gold, hard: true }]`,
        "f",
        {},
      );
      store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
      const catalog = await BudgetCatalog.open(store, null);
      await applyBudgets(config, catalog, AT);
      return { budgets: catalog, tiers: tiersOf(config), defaultBudget: null, now: () => AT };
    };
    const first = await open("limit_usd: 10, hard: false, warn_percent: 60");
    const set = (tenant: string, wish: BudgetWish) => {
      const place = { selector: { tenant }, window: "month", coversWhenNew: "all" } as const;
      const plan = planBudget(undefined, place, wish, "", first);
      return first.budgets.put(plan.budget, plan.change);
    };
    await set("follows", { tier: "gold" });
    await set("own", { tier: "gold", limitNano: usd("3") });
    await set("none", { limitNano: usd("10") });
    const shown = (budgets: BudgetCatalog) =>
      Object.fromEntries(
        budgets.all().map(({ id, limitNano, hard, warnPercent }) => [id.slice(7), [formatUsd(limitNano), hard, warnPercent]]),
      );
    expect(shown(first.budgets)).toEqual({
      acme: ["10", true, 60],
      follows: ["10", false, 60],
      own: ["3", false, 60],
      none: ["10", true, 80],
    });
    await store.close();

    const second = await open("limit_usd: 20, hard: true");
    const changed = { acme: ["20", true, 80], follows: ["20", true, 60], own: ["3", true, 60], none: ["10", true, 80] };
    expect(shown(second.budgets)).toEqual(changed);
    const rows = (await store.audit(10)).length;
    await store.close();
    expect(shown((await open("limit_usd: 20, hard: true")).budgets)).toEqual(changed);
    expect(await store.audit(10)).toHaveLength(rows);
  });

  it("are set once, give way to a change by API over restarts, and win again when the file changes", async () => {
    const first = await start("10");
    expect(first.changedSince).toEqual([]);
    const place = { selector: { tenant: "acme" }, window: "month", coversWhenNew: "rest" } as const;
    await setBudget(place, { limitNano: usd("5") }, "an incident", {
      budgets: first.catalog,
      defaultBudget: null,
      now: () => AT,
      tiers: new Map(),
    });
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
