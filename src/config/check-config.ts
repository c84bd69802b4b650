import { missingOnShort } from "../core/ledger/on-short.ts";
import { PriceDataError } from "../core/pricing/price-data-error.ts";
import { parsePriceRows } from "../core/pricing/price-row.ts";
import { parseContracts, parseFxRates, parseMarkups } from "../core/pricing/price-term.ts";
import { headerConflicts } from "./check-headers.ts";
import { ladderConflicts } from "./check-levers.ts";
import { channelConflicts, routeChannelConflicts } from "./check-notify.ts";
import { unitCostConflicts } from "./check-unit-costs.ts";
import { budgetIdOf } from "./complete-config.ts";
import type { Conflict } from "./config-finding.ts";
import type {
  BudgetConfig,
  ChannelConfig,
  Config,
  ContractConfig,
  FxRateConfig,
  MarkupConfig,
  PriceConfig,
  ProviderConfig,
  RouteConfig,
  TierConfig,
} from "./config-schema.ts";
import { didYouMean } from "./did-you-mean.ts";
import { policyNameConflicts } from "./read-control-policies.ts";
import { isLoopback } from "./text-formats.ts";

/** Entries of a list with their numbers in the file, those left out that cannot be read. */
export type Numbered<Entry> = readonly { readonly index: number; readonly entry: Entry }[];

export interface SoundParts {
  readonly listen: Config["listen"];
  readonly hasAdminToken: boolean;
  readonly defaultBudget: Config["default_budget"];
  readonly runBudget: Config["run_budget"];
  /** The file's and the guide's. */
  readonly tiers: readonly TierConfig[];
  readonly writtenTiers: Numbered<TierConfig>;
  /** Every tier's name, of those with other faults too. */
  readonly tierNames: readonly string[];
  readonly budgets: Numbered<BudgetConfig>;
  /** Budgets of which neither they nor a tier says a limit. */
  readonly unlimited: Numbered<unknown>;
  readonly providers: Numbered<ProviderConfig>;
  /** Every provider's name, of those with other faults too. */
  readonly providerNames: readonly string[];
  readonly routes: Numbered<RouteConfig>;
  readonly prices: Numbered<PriceConfig>;
  readonly contracts: Numbered<ContractConfig>;
  readonly markups: Numbered<MarkupConfig>;
  readonly fxRates: Numbered<FxRateConfig>;
  readonly channels: Numbered<ChannelConfig>;
  /** Every channel's name, of those with other faults too. */
  readonly channelNames: readonly string[];
  readonly alertRoutes: Numbered<Config["notify"]["routes"][number]>;
  readonly ladders: Parameters<typeof ladderConflicts>[0];
  /** Paths of policies, with holes where an entry cannot be read. */
  readonly policies: readonly string[];
  readonly unitCosts: Parameters<typeof unitCostConflicts>[0];
}

export function conflictsOf(parts: SoundParts): Conflict[] {
  return [
    ...policyNameConflicts(parts.policies),
    ...openDoor(parts),
    ...(parts.defaultBudget ? limitConflicts(parts.defaultBudget, "default_budget") : []),
    ...(parts.defaultBudget?.window === "run"
      ? [{ setting: "default_budget.window", message: "run is for budgets whose scope names a run; see run_budget" }]
      : []),
    ...(parts.runBudget ? limitConflicts(parts.runBudget, "run_budget") : []),
    ...twice(
      parts.budgets,
      ({ scope, window }) => budgetIdOf(scope, window),
      (index) => `budgets[${index}].scope`,
      "another budget has this scope and window",
    ),
    ...twice(
      parts.budgets.filter(({ entry }) => entry.id !== budgetIdOf(entry.scope, entry.window)),
      ({ id }) => id,
      (index) => `budgets[${index}].id`,
      "another budget has this id",
    ),
    ...twice(
      parts.writtenTiers,
      ({ name }) => name,
      (index) => `tiers[${index}].name`,
      "another tier has this name",
    ),
    ...parts.writtenTiers.flatMap(({ index, entry }) => limitConflicts(entry, `tiers[${index}]`)),
    ...parts.unlimited.map(({ index }) => ({ setting: `budgets[${index}]`, message: "`limit_usd` is missing; write it, or name a tier" })),
    ...parts.budgets.flatMap(({ index, entry }) => tierConflicts(entry, `budgets[${index}]`, parts.tierNames)),
    ...parts.budgets.flatMap(({ index, entry }) => budgetConflicts(entry, `budgets[${index}]`)),
    ...parts.providers.flatMap(({ index, entry }) => providerConflicts(entry, `providers[${index}]`)),
    ...twice(
      parts.providers,
      ({ name }) => name,
      (index) => `providers[${index}].name`,
      "another provider has this name",
    ),
    ...parts.routes.flatMap(({ index, entry }) => routeConflicts(entry, `routes[${index}]`, parts.providerNames)),
    ...twice(
      parts.routes,
      ({ model }) => model,
      (index) => `routes[${index}].model`,
      "another route has this model",
    ),
    ...parts.prices.flatMap(({ index, entry }) => priceConflicts(parsePriceRows, entry, `prices[${index}]`)),
    ...parts.contracts.flatMap(({ index, entry }) => priceConflicts(parseContracts, entry, `contracts[${index}]`)),
    ...twice(
      parts.contracts,
      ({ id }) => id,
      (index) => `contracts[${index}].id`,
      "another contract has this id",
    ),
    ...parts.markups.flatMap(({ index, entry }) => priceConflicts(parseMarkups, entry, `markups[${index}]`)),
    ...parts.fxRates.flatMap(({ index, entry }) => priceConflicts(parseFxRates, entry, `fx_rates[${index}]`)),
    ...parts.channels.flatMap(({ index, entry }) => channelConflicts(entry, `notify.channels[${index}]`)),
    ...twice(
      parts.channels,
      ({ name }) => name,
      (index) => `notify.channels[${index}].name`,
      "another channel has this name",
    ),
    ...parts.alertRoutes.flatMap(({ index, entry }) => routeChannelConflicts(entry, `notify.routes[${index}]`, parts.channelNames)),
    ...ladderConflicts(parts.ladders),
    ...unitCostConflicts(parts.unitCosts),
  ];
}

function openDoor({ listen, hasAdminToken }: SoundParts): Conflict[] {
  if (isLoopback(listen.host) || hasAdminToken) return [];
  const message = `other machines can reach ${listen.host}, so an admin_token is needed; set admin_token or BALLAST_ADMIN_TOKEN`;
  return [{ setting: "listen.host", message }];
}

function rising(thresholds: readonly number[], setting: string): Conflict[] {
  const place = thresholds.findIndex((percent, index) => index > 0 && percent <= thresholds[index - 1]!);
  if (place < 0) return [];
  return [{ setting, message: `expected rising percents, found ${thresholds[place]} after ${thresholds[place - 1]}` }];
}

/** Of budgets, and of tiers: what a tier does not say is a default. */
function limitConflicts(limit: Partial<NonNullable<Config["run_budget"]>> | TierConfig, path: string): Conflict[] {
  const { thresholds = [], on_short: onShort = "deny", fallback_model: fallbackModel, template } = limit;
  const missing = missingOnShort({ onShort, fallbackModel, template });
  const lacks = missing === undefined ? [] : [{ setting: path, message: `\`${missing}\` is missing, which on_short: ${onShort} needs` }];
  return [...rising(thresholds, `${path}.thresholds`), ...lacks];
}

function tierConflicts({ tier }: BudgetConfig, path: string, names: readonly string[]): Conflict[] {
  if (tier === undefined || names.includes(tier)) return [];
  const hint = didYouMean(tier, names) || `; there are ${names.join(", ")}`;
  return [{ setting: `${path}.tier`, message: `there is no tier \`${tier}\`${hint}` }];
}

function budgetConflicts(budget: BudgetConfig, path: string): Conflict[] {
  const conflicts = limitConflicts(budget, path);
  if (budget.window === "run" && budget.scope.run === undefined) {
    conflicts.push({ setting: `${path}.window`, message: "run is for budgets whose scope names a run" });
  }
  if (budget.covers === "rest" && Object.keys(budget.scope).join() !== "tenant") {
    conflicts.push({ setting: `${path}.covers`, message: "can be rest only on a budget whose scope is one tenant" });
  }
  return conflicts;
}

function providerConflicts(provider: ProviderConfig, path: string): Conflict[] {
  const conflicts: Conflict[] = [];
  if (provider.kind === "openai-compatible" && provider.base_url === undefined) {
    conflicts.push({ setting: path, message: "`base_url` is missing; kind openai-compatible has no default" });
  }
  if (provider.kind !== "sim" && provider.options !== undefined) {
    conflicts.push({ setting: `${path}.options`, message: `only kind sim has options, this is ${provider.kind}` });
  }
  if (provider.unlisted_hold_usd !== undefined && provider.price !== "provider_reported") {
    conflicts.push({ setting: `${path}.unlisted_hold_usd`, message: "goes only with `price: provider_reported`" });
  }
  return [...conflicts, ...headerConflicts(Object.keys(provider.headers), path)];
}

function routeConflicts(route: RouteConfig, path: string, providerNames: readonly string[]): Conflict[] {
  return route.targets.flatMap(({ provider }, index) => {
    if (providerNames.includes(provider)) return [];
    const hint = didYouMean(provider, providerNames) || `; there are ${providerNames.join(", ") || "none"}`;
    return [{ setting: `${path}.targets[${index}].provider`, message: `there is no provider \`${provider}\`${hint}` }];
  });
}

/** The pricing rules have the last word on what is a price, a contract or a rate. */
function priceConflicts(read: (rows: unknown, where: string) => unknown, entry: object, path: string): Conflict[] {
  try {
    read([entry], "entry");
    return [];
  } catch (error) {
    if (!(error instanceof PriceDataError)) throw error;
    const detail = error.message.slice(error.where.length).replace(/^: /, "");
    return [{ setting: error.where.replace(/^entry\[0\]/, path), message: detail }];
  }
}

function twice<Entry>(
  entries: Numbered<Entry>,
  keyOf: (entry: Entry) => string,
  setting: (index: number) => string,
  message: string,
): Conflict[] {
  const seen = new Set<string>();
  return entries.flatMap(({ index, entry }) => {
    const key = keyOf(entry);
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ setting: setting(index), message }];
  });
}
