import { SIM_MODELS } from "./adapters/providers/sim/sim-options.ts";
import type { BudgetConfig, ChannelConfig, Config, ProviderConfig } from "./config/config-schema.ts";
import { unitCostSettings } from "./config/read-unit-costs.ts";
import { shareOf } from "./config/text-formats.ts";
import type { AlertRoute } from "./core/alerts/alert-routing.ts";
import type { RetrySettings } from "./core/alerts/delivery-retry.ts";
import { minuteOfDay, type QuietHours } from "./core/alerts/quiet-hours.ts";
import { invariant } from "./core/invariant.ts";
import type { Budget } from "./core/ledger/budget.ts";
import { retier, sameTier, type TierSettings } from "./core/ledger/budget-tier.ts";
import { formatUsd, type Nano, parseDecimal } from "./core/money/usd.ts";
import type { PriceBook } from "./core/pricing/price-book.ts";
import { heuristicComplexity } from "./core/routing/complexity.ts";
import type { RunawayRule } from "./core/runaway/spend-course.ts";
import { selectorKey } from "./core/scope/scope.ts";
import type { BudgetCatalog, DefaultBudget, RunBudget } from "./data/store/budget-catalog.ts";
import type { CallSettings, RouteTable } from "./gateway/call-settings.ts";
import { createRouteTable, type ServedProvider } from "./gateway/route-table.ts";
import { modelLadders } from "./model-ladders.ts";
import type { EventSettings } from "./notify/alert-event.ts";
import type { ChannelSettings } from "./notify/channel.ts";
import type { ProviderTarget } from "./ports/provider.ts";
import { systemClock } from "./std/system-clock.ts";

/*
 * The words of the configuration turned into the values that the rooms take: budgets, providers, settings of calls. Nothing is opened or
 * started here.
 */

/** What a tenant without a budget of its own may spend; null when such tenants have no limit. */
export function defaultBudgetOf(config: Config): DefaultBudget | null {
  return config.default_budget ? limitsOf(config.default_budget) : null;
}

/** What every run may spend; null when runs have no limit of their own. */
export function runBudgetOf(config: Config): RunBudget | null {
  return config.run_budget ? runLimitsOf(config.run_budget) : null;
}

function limitsOf(budget: Omit<BudgetConfig, "scope" | "id" | "covers" | "tier">): DefaultBudget {
  const { window, zone } = budget;
  return { ...runLimitsOf(budget), window, zone };
}

function runLimitsOf(budget: NonNullable<Config["run_budget"]>): RunBudget {
  const { hard, thresholds } = budget;
  return {
    limitNano: nanoOf(budget.limit_usd),
    hard,
    onShort: budget.on_short,
    fallbackModel: budget.fallback_model,
    template: budget.template,
    onStoreDown: budget.on_store_down === "deny" ? undefined : budget.on_store_down,
    thresholds,
    warnPercent: budget.warn_percent,
  };
}

/** Amounts of the configuration were checked when it was read. */
function nanoOf(amount: string): Nano {
  const nano = parseDecimal(amount, 9);
  invariant(nano !== undefined, "the configuration was checked");
  return nano;
}

/**
 * Sets the budgets that the file names, where it says something new of them: a change by API or command line stands until then.
 * @returns ids of the budgets that stand otherwise than the file says
 */
export async function applyBudgets(config: Config, catalog: BudgetCatalog, at: number): Promise<string[]> {
  const changedSince: string[] = [];
  const tiers = tiersOf(config);
  for (const configured of config.budgets) {
    const { id, scope, covers } = configured;
    const before = catalog.get(id);
    const stamps = { origin: "config", createdAt: before?.createdAt ?? at, updatedAt: at } as const;
    const tier = configured.tier === undefined ? undefined : { name: configured.tier, settings: tiers.get(configured.tier) ?? {} };
    const budget: Budget = { id, selector: scope, covers, ...limitsOf(configured), tier, ...stamps };
    const said = shapeOf(budget);
    if (before?.configured === said) {
      if (shapeOf(before) !== said) changedSince.push(id);
      continue;
    }
    const change = { actor: "config", action: "budget.set", target: id, reason: "the configuration file" };
    await catalog.put({ ...budget, configured: said }, { ...change, before: before ? shapeOf(before) : null, after: said });
  }
  await applyTiers(config, tiers, catalog, at);
  return changedSince;
}

/** What tiers say of budgets, by their names. */
export function tiersOf({ tiers }: Pick<Config, "tiers">): ReadonlyMap<string, TierSettings> {
  return new Map(
    tiers.map(({ name, limit_usd, hard, on_short: onShort, fallback_model: fallbackModel, template, thresholds, ...others }) => {
      const limitNano = nanoOf(limit_usd);
      const settings = { limitNano, hard, onShort, fallbackModel, template, thresholds, warnPercent: others.warn_percent };
      return [name, Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))];
    }),
  );
}

/** Budgets that the API gave a tier follow it when the file says something new of it. Those in the file were set by the file. */
async function applyTiers(config: Config, tiers: ReadonlyMap<string, TierSettings>, catalog: BudgetCatalog, at: number): Promise<void> {
  const inFile = new Set(config.budgets.map(({ id }) => id));
  for (const budget of catalog.all()) {
    const settings = budget.tier && tiers.get(budget.tier.name);
    if (!budget.tier || !settings || inFile.has(budget.id)) continue;
    const tier = { name: budget.tier.name, settings };
    if (sameTier(budget.tier, tier)) continue;
    const after = { ...retier(budget, tier), updatedAt: at };
    const change = { actor: "config", action: "budget.set", target: budget.id, reason: `the tier ${tier.name} in the configuration file` };
    await catalog.put(after, { ...change, before: shapeOf(budget), after: shapeOf(after) });
  }
}

/** What a file can say of a budget, as text to compare. */
function shapeOf(budget: Budget): string {
  const { selector, limitNano, window, zone, hard, onShort, thresholds, warnPercent, covers, tier } = budget;
  const { fallbackModel, template, onStoreDown } = budget;
  const always = [selectorKey(selector), formatUsd(limitNano), window, zone, hard, onShort, thresholds, warnPercent, covers];
  const named = tier ? [tier.name] : [];
  // What came later is said only where it is set: the text of a file that does not name it must stay what it was.
  const later = Object.fromEntries(Object.entries({ fallbackModel, template, onStoreDown }).filter(([, value]) => value !== undefined));
  return JSON.stringify([...always, ...named, ...(Object.keys(later).length === 0 ? [] : [later])]);
}

const DIALECTS: Readonly<Record<ProviderConfig["kind"], ProviderTarget["dialects"]>> = {
  openai: ["openai"],
  "openai-compatible": ["openai"],
  anthropic: ["anthropic"],
  sim: ["openai", "anthropic"],
};

/** @param simUrl where the simulated provider listens, for kind sim */
export function servedProvider(provider: ProviderConfig, simUrl: string | undefined): ServedProvider {
  const secret = provider.api_key;
  const authorization: Record<string, string> = !secret
    ? {}
    : provider.kind === "anthropic"
      ? { "x-api-key": secret }
      : { authorization: `Bearer ${secret}` };
  const given = lowerCase(provider.headers);
  const target: ProviderTarget = {
    name: provider.name,
    dialects: DIALECTS[provider.kind],
    baseUrl: simUrl ?? provider.base_url ?? "",
    headers: { ...authorization, ...given },
    priceList: provider.price_list,
    maxTokensField: provider.max_tokens_field,
    headersTimeoutMs: provider.headers_timeout_ms,
    bodyTimeoutMs: provider.body_timeout_ms,
    retries: provider.retries,
    deferred:
      provider.deferred_tier === undefined
        ? undefined
        : { serviceTier: provider.deferred_tier, headersTimeoutMs: provider.deferred_headers_timeout_ms },
    reportsCost:
      provider.price === "provider_reported"
        ? { unlistedHoldNano: provider.unlisted_hold_usd === undefined ? undefined : nanoOf(provider.unlisted_hold_usd) }
        : undefined,
  };
  return { target, models: provider.models ?? SIM_MODELS };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** When somebody runs away; undefined when nobody is watched. */
export function runawayRuleOf({ controls }: Config): RunawayRule | undefined {
  const { action, factor, window_minutes: minutes, floor_usd: floor } = controls.runaway;
  return action === "off" ? undefined : { factor, windowMs: minutes * 60_000, floorNano: nanoOf(floor), stops: action === "throttle" };
}

export function callSettings(config: Config, providers: readonly ServedProvider[], prices: PriceBook): CallSettings {
  const listed = () =>
    providers.flatMap(({ target, models }) => {
      const priced = prices.models(target.priceList);
      return models
        .flatMap((pattern) =>
          pattern.includes("*") ? priced.filter((id) => id.startsWith(pattern.slice(0, pattern.indexOf("*")))) : [pattern],
        )
        .map((id) => ({ id, provider: target.name }));
    });
  const routes = createRouteTable(providers, config.routes, listed);
  return {
    routes,
    maxBodyBytes: config.gateway.max_body_bytes,
    maxAnswerBytes: config.gateway.max_answer_bytes,
    defaultMaxOutputTokens: config.gateway.default_max_output_tokens,
    ignoredUsageKeys: new Set(config.gateway.ignored_usage_keys),
    unboundedInput: config.gateway.unbounded_input,
    drainMaxNano: nanoOf(config.gateway.drain_max_usd),
    drainMaxMs: config.gateway.drain_max_ms,
    idempotencyTtlMs: config.gateway.idempotency_ttl_hours * 3_600_000,
    idempotencyMaxBytes: config.gateway.idempotency_max_bytes,
    unitPrices: unitCostSettings(config).prices,
    ladders: modelLadders(config, routes, prices, systemClock()),
    complexityOf: heuristicComplexity,
    holdoutShare: shareOf(config.controls.holdout) ?? 0,
  };
}

/** Where calls of a model may go, in whichever dialect they come: who asks the API for a call does not say which. */
export function placesOf(model: string, routes: RouteTable): { provider: string; model: string; priceList: string }[] {
  const places = new Map<string, { provider: string; model: string; priceList: string }>();
  for (const dialect of ["openai", "anthropic"] as const) {
    for (const { provider, model: name } of routes.targets(model, dialect)) {
      places.set(`${provider.name}/${name}`, { provider: provider.name, model: name, priceList: provider.priceList });
    }
  }
  return [...places.values()];
}

/** Where alerts go, and what happens when they do not arrive. */
export function notifySettings({ notify }: Config): {
  readonly routes: readonly AlertRoute[];
  readonly retry: RetrySettings;
  readonly event: EventSettings;
  readonly keepDays: number;
} {
  const { attempts, first_delay_ms: firstDelayMs, longest_delay_ms: longestDelayMs } = notify.retry;
  const routes = notify.routes.map(({ severity, scope, budgets, channels, escalation }) => {
    const steps = escalation.map((step) => ({ afterMs: step.after_minutes * 60_000, channels: step.channels }));
    return { severities: severity, scope, budgets, channels, escalation: steps };
  });
  const event = { source: notify.source, runbooks: notify.runbooks };
  return { routes, retry: { attempts, firstDelayMs, longestDelayMs }, event, keepDays: notify.keep_days };
}

/** What a kind of channel needs was checked when the configuration was read. */
export function channelSettings(channel: ChannelConfig): ChannelSettings {
  const { kind, name, timeout_ms: timeoutMs, headers } = channel;
  const place = { name, timeoutMs, quietHours: channel.quiet_hours && quietHoursOf(channel.quiet_hours) };
  switch (kind) {
    case "webhook":
      return { ...place, kind, url: channel.url ?? "", signingKey: channel.signing_key ?? "", headers: lowerCase(headers) };
    case "slack":
      return { ...place, kind, url: channel.url ?? "" };
    case "alertmanager":
      return { ...place, kind, url: channel.url ?? "", headers: lowerCase(headers) };
    case "email": {
      const { smtp, from, to } = channel;
      invariant(smtp && from !== undefined && to, "the configuration was checked");
      const { user, password } = smtp;
      const login = user === undefined || password === undefined ? undefined : { user, password };
      return { ...place, kind, host: smtp.host, port: smtp.port, tls: smtp.tls, login, from, to };
    }
    case "log":
      return { ...place, kind };
    default:
      return kind satisfies never;
  }
}

function quietHoursOf({ from, to, zone }: NonNullable<ChannelConfig["quiet_hours"]>): QuietHours {
  const [fromMinute, toMinute] = [minuteOfDay(from), minuteOfDay(to)];
  invariant(fromMinute !== undefined && toMinute !== undefined, "the configuration was checked");
  return { fromMinute, toMinute, zone };
}
