import { type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import type { BudgetConfig, ProviderConfig, TierConfig, WrittenConfig } from "./config-schema.ts";

/** The name of a budget that was given none: its scope, and its window where that is not a month. */
export function budgetIdOf(scope: ScopeSelector, window: BudgetConfig["window"]): string {
  const key = selectorKey(scope) || "*";
  return window === "month" ? key : `${key},window=${window}`;
}

/** The tiers of the guide (Budget Tiers), which are there unless the file has its own of that name. */
const GUIDE_TIERS: readonly TierConfig[] = [
  { name: "starter", limit_usd: "500" },
  { name: "professional", limit_usd: "2000" },
  { name: "enterprise", limit_usd: "10000" },
  { name: "custom", limit_usd: "50000" },
];

export function completeTiers(written: readonly TierConfig[]): TierConfig[] {
  return [...GUIDE_TIERS.filter(({ name }) => !written.some((own) => own.name === name)), ...written];
}

/**
 * What the budget says itself, what its tier says, and the defaults, in this order.
 * @param isWritten whether the file says this of the budget, and it is not a default
 * @returns a limit of 0 where neither says one, which is then told as missing
 */
export function completeBudget(
  budget: WrittenConfig["budgets"][number],
  tiers: readonly TierConfig[],
  isWritten: (setting: string) => boolean,
): BudgetConfig {
  const { name: _, ...settings } = tiers.find(({ name }) => name === budget.tier) ?? { name: "", limit_usd: undefined };
  const given = Object.fromEntries(Object.entries(settings).filter(([setting]) => setting !== "limit_usd" && !isWritten(setting)));
  return {
    ...budget,
    limit_usd: budget.limit_usd ?? settings.limit_usd ?? "0",
    ...given,
    id: budget.id ?? budgetIdOf(budget.scope, budget.window),
  };
}

interface KindDefaults {
  readonly base_url?: string;
  readonly price_list?: string;
  /** Absent: the simulator knows what it simulates. */
  readonly models?: readonly string[];
  readonly max_tokens_field: ProviderConfig["max_tokens_field"];
}

const KIND_DEFAULTS: Record<ProviderConfig["kind"], KindDefaults> = {
  openai: {
    base_url: "https://api.openai.com",
    price_list: "openai",
    models: ["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*", "codex-*", "text-embedding-*"],
    max_tokens_field: "max_completion_tokens",
  },
  anthropic: {
    base_url: "https://api.anthropic.com",
    price_list: "anthropic",
    models: ["claude-*"],
    max_tokens_field: "max_completion_tokens",
  },
  "openai-compatible": { models: [], max_tokens_field: "max_tokens" },
  sim: { max_tokens_field: "max_completion_tokens" },
};

/** Fills in what depends on the kind, and cuts the address down to what comes before /v1. */
export function completeProvider(provider: WrittenConfig["providers"][number]): ProviderConfig {
  const defaults = KIND_DEFAULTS[provider.kind];
  const { base_url: written, models: named, ...rest } = provider;
  const baseUrl = (written ?? defaults.base_url)?.replace(/\/+$/, "").replace(/\/v1$/, "").replace(/\/+$/, "");
  const models = named ?? (defaults.models && [...defaults.models]);
  return {
    ...rest,
    ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
    ...(models === undefined ? {} : { models }),
    price_list: provider.price_list ?? defaults.price_list ?? provider.name,
    max_tokens_field: provider.max_tokens_field ?? defaults.max_tokens_field,
  };
}
