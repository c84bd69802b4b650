import type { UnitCostFilter } from "../contract/unit-cost-groups.ts";
import { formatDecimal } from "../core/money/usd.ts";
import { over, type Rational, rational } from "../core/scenario/rational.ts";
import type { Instant, Period } from "../core/time/window.ts";
import {
  CHANGE_CAUSES,
  type ExplainedChange,
  explainChange,
  type ModelUse,
  OTHER_COMPONENTS,
  type PeriodUse,
} from "../core/unit-cost/explain-change.ts";
import { inUnits, roundParts, roundTo } from "../core/unit-cost/round-parts.ts";
import { deviationPercent } from "../core/unit-cost/unit-cost-figures.ts";
import type { UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { groupedUnitCosts } from "./unit-costs.ts";

export interface AskedChange {
  readonly before: Period;
  readonly after: Period;
  readonly filter: UnitCostFilter;
  readonly now: Instant;
  /** What a cached input token costs as a share of another, by the price list; 1 where it is not known. */
  readonly cacheReadShareOf: (provider: string, model: string, at: Instant) => Rational;
}

/** A cost of a request to 12 decimals, a total to its last. */
const REQUEST_DECIMALS = 12;
const TOTAL_DECIMALS = 18;

/** Why the cost of some calls changed between two periods, in figures whose parts add up as they are shown. */
export async function costChange(
  warehouse: Pick<Warehouse, "unitCosts" | "usageFacts" | "poolShares">,
  settings: UnitCostSettings,
  asked: AskedChange,
) {
  const before = await periodUse(warehouse, settings, asked, asked.before);
  const after = await periodUse(warehouse, settings, asked, asked.after);
  const change = explainChange(before.use, after.use);
  return {
    before: periodView(asked.before, before, change?.perRequest.before),
    after: periodView(asked.after, after, change?.perRequest.after),
    per_request: change ? changeView(change.perRequest, REQUEST_DECIMALS) : null,
    total: change ? changeView(change.total, TOTAL_DECIMALS) : null,
    models: modelViews(before.use, after.use),
  };
}

interface UsedPeriod {
  readonly use: PeriodUse;
  readonly unpriced: number;
}

async function periodUse(
  warehouse: Pick<Warehouse, "unitCosts" | "usageFacts" | "poolShares">,
  settings: UnitCostSettings,
  { filter, now, cacheReadShareOf }: AskedChange,
  period: Period,
): Promise<UsedPeriod> {
  const [from, to] = [new Date(period.start), new Date(period.end)];
  const rows = await warehouse.unitCosts({ from, to, filter, groupBy: ["provider", "model"] });
  const { total } = await groupedUnitCosts(warehouse, settings, { period, groupBy: [], filter, now });
  const models = rows.map(({ group, priced, inputAtto, generationAtto }): ModelUse => {
    const { provider = "", model = "" } = group;
    const cacheReadShare = priced.cacheReadTokens === 0 ? rational(1n) : cacheReadShareOf(provider, model, period.end - 1);
    return { model: `${provider}/${model}`, ...priced, inputAtto, generationAtto, cacheReadShare };
  });
  const others = Object.fromEntries(OTHER_COMPONENTS.map((name) => [name, total.components[name]])) as PeriodUse["others"];
  const answeredFromCache = rows.reduce((sum, { cached }) => sum + cached, 0);
  return { use: { models, answeredFromCache, others }, unpriced: total.unknownCost };
}

function periodView(period: Period, { use, unpriced }: UsedPeriod, perRequest: Rational | undefined) {
  const calls = use.models.reduce((sum, model) => sum + model.calls, 0);
  const models = use.models.reduce((sum, { inputAtto, generationAtto }) => sum + inputAtto + generationAtto, 0n);
  return {
    from: new Date(period.start).toISOString(),
    to: new Date(period.end).toISOString(),
    requests: calls + use.answeredFromCache,
    unpriced,
    total_usd: formatDecimal(
      OTHER_COMPONENTS.reduce((sum, name) => sum + use.others[name], models),
      TOTAL_DECIMALS,
    ),
    per_request_usd: perRequest === undefined ? null : formatDecimal(roundTo(perRequest, REQUEST_DECIMALS), REQUEST_DECIMALS),
  };
}

/** The change is that of the two figures as they are shown, and the parts are rounded to add up to it. */
function changeView({ before, after, parts }: ExplainedChange, decimals: number) {
  const change = roundTo(after, decimals) - roundTo(before, decimals);
  const rounded = roundParts(
    CHANGE_CAUSES.map((cause) => inUnits(parts[cause], decimals)),
    change,
  );
  return {
    change_usd: formatDecimal(change, decimals),
    change_percent: deviationPercent(after, before),
    parts: CHANGE_CAUSES.map((cause, index) => ({ cause, usd: formatDecimal(rounded.parts[index]!, decimals) })),
  };
}

function modelViews(before: PeriodUse, after: PeriodUse) {
  const names = [...new Set([...before.models, ...after.models].filter(({ calls }) => calls > 0).map(({ model }) => model))].sort();
  const viewOf = (use: PeriodUse, name: string) => {
    const model = use.models.find((one) => one.model === name);
    if (!model || model.calls === 0) return { calls: 0, per_call_usd: null, prompt_tokens: 0, cache_read_tokens: 0, gen_tokens: 0 };
    const perCall = over(rational(model.inputAtto + model.generationAtto, 10n ** 18n), rational(BigInt(model.calls)));
    return {
      calls: model.calls,
      per_call_usd: formatDecimal(roundTo(perCall, REQUEST_DECIMALS), REQUEST_DECIMALS),
      prompt_tokens: model.promptTokens,
      cache_read_tokens: model.cacheReadTokens,
      gen_tokens: model.genTokens,
    };
  };
  return names.map((model) => ({ model, before: viewOf(before, model), after: viewOf(after, model) }));
}
