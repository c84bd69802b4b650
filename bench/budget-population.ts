import type { Budget } from "../src/core/ledger/budget.ts";
import { type Scope, type ScopeSelector, selectorKey } from "../src/core/scope/scope.ts";
import { windowAt } from "../src/core/time/window.ts";
import { StoreEngine } from "../src/data/store/store-engine.ts";

const MODELS = [
  "gpt-4o",
  "gpt-4o-mini",
  "gpt-5",
  "gpt-5-mini",
  "o4-mini",
  "claude-sonnet-4-5",
  "claude-haiku-4-5",
  "text-embedding-3-small",
];
const ENVIRONMENTS = ["production", "staging", "development"];
const IN_ONE_TRANSACTION = 2000;

/** Every how many-th budget has been spent on in this window. */
const SPENT_ON_EVERY = 5;

/**
 * Budgets as a company with many customers has them: a few over everything, one a tenant, and narrower ones beside it. Of every ten, four
 * are on a tenant, three on a tenant's model, and one each on a tenant's feature, a tenant's environment, and a run.
 */
export function budgetPopulation(count: number, at: number): Budget[] {
  const wide: ScopeSelector[] = [
    {},
    ...["openai", "anthropic"].map((provider) => ({ provider })),
    ...MODELS.map((model) => ({ model })),
    ...Array.from({ length: 40 }, (_, index) => ({ team: `team-${index}` })),
    ...Array.from({ length: 40 }, (_, index) => ({ service: `service-${index}` })),
  ];
  const selectors = Array.from({ length: count }, (_, index) => wide[index] ?? narrow(index - wide.length));
  return selectors.map((selector, index) => ({
    id: selectorKey(selector) || "*",
    selector,
    limitNano: index < wide.length ? 10n ** 18n : 10n ** 12n,
    window: selector.run === undefined ? "month" : "day",
    zone: index % 3 === 0 ? "Europe/Berlin" : "UTC",
    hard: true,
    onShort: "deny",
    thresholds: [50, 80, 100],
    warnPercent: 80,
    covers: "all",
    origin: "api",
    createdAt: at,
    updatedAt: at,
  }));
}

function narrow(index: number): ScopeSelector {
  const [ten, place] = [Math.floor(index / 10), index % 10];
  const tenant = tenantOf(ten * 4 + (place % 4));
  if (place < 4) return { tenant };
  if (place < 7) return { tenant, model: MODELS[(ten + place) % MODELS.length]! };
  if (place === 7) return { tenant, feature: `feature-${ten % 50}` };
  if (place === 8) return { tenant, environment: ENVIRONMENTS[ten % ENVIRONMENTS.length]! };
  return { run: `run-${ten}` };
}

export function tenantOf(number: number): string {
  return `tenant-${number}`;
}

/** Scopes of calls with everything said that a scope can say, spread over the tenants by a fixed stride. */
export function callScopes(count: number, tenants: number): Scope[] {
  return Array.from({ length: count }, (_, index) => {
    const number = (index * 7919) % tenants;
    const ten = Math.floor(number / 4);
    return {
      tenant: tenantOf(number),
      environment: ENVIRONMENTS[ten % ENVIRONMENTS.length]!,
      feature: `feature-${ten % 50}`,
      service: `service-${number % 40}`,
      team: `team-${number % 40}`,
      use_case: "support",
      provider: "openai",
      model: MODELS[number % 5]!,
      api_key: `key-${number}`,
      run: `run-${ten}`,
    };
  });
}

/** A ledger of SQLite with these budgets, some of them with money spent. */
export function fillLedger(folder: string, budgets: readonly Budget[], at: number): void {
  const engine = new StoreEngine({ folder, bootId: "bench", openedAt: at });
  const run = (requests: Parameters<StoreEngine["run"]>[0]) => {
    const failed = engine.run(requests).find((outcome) => !outcome.ok);
    if (failed && !failed.ok) throw failed.error;
  };
  const inGroups = (each: readonly Budget[], request: (budget: Budget) => { operation: string; parameters: readonly unknown[] }) => {
    for (let from = 0; from < each.length; from += IN_ONE_TRANSACTION) run(each.slice(from, from + IN_ONE_TRANSACTION).map(request));
  };
  try {
    inGroups(budgets, (budget) => {
      const change = { actor: "bench", action: "budget.set", target: budget.id, reason: "", before: null, after: null };
      return { operation: "putBudget", parameters: [budget, change] };
    });
    const spentOn = budgets.filter((_, index) => index % SPENT_ON_EVERY === 0);
    inGroups(spentOn, (budget) => {
      const wants = [{ budgetId: budget.id, window: windowAt(budget.window, budget.zone, at) }];
      // Between a thousandth and almost all of a narrow budget's limit.
      const amountNano = (10n ** 12n * BigInt(((budget.id.length * 37 + budget.id.charCodeAt(budget.id.length - 1)) % 999) + 1)) / 1000n;
      const facts = { tenant: "bench", wants, create: [], amountNano, inputTokens: 1000, outputTokens: 200, fingerprint: "", trace: "{}" };
      return { operation: "track", parameters: [{ ...facts, requestId: budget.id, at }] };
    });
    run([{ operation: "ackOutbox", parameters: [Array.from({ length: spentOn.length * 2 }, (_, index) => index + 1)] }]);
  } finally {
    engine.close(at, true);
  }
}
