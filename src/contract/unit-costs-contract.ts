import { Type } from "typebox";
import { CHANGE_CAUSES } from "../core/unit-cost/explain-change.ts";
import { COST_COMPONENTS, MEASURES } from "../core/unit-cost/measures.ts";
import { COST_WINDOWS } from "./costs-contract.ts";
import { closed, count, instantText, orNull, scopeText, usdText } from "./field-contract.ts";
import { UNIT_COST_FILTERS, UNIT_COST_GROUPS } from "./unit-cost-groups.ts";

const filters = Object.fromEntries(UNIT_COST_FILTERS.map((name) => [name, Type.Optional(scopeText)])) as {
  [Name in (typeof UNIT_COST_FILTERS)[number]]: ReturnType<typeof Type.Optional<typeof scopeText>>;
};
export const unitCostPeriod = {
  window: Type.Optional(Type.Enum([...COST_WINDOWS], { description: "Ends now; month is the whole calendar month in UTC" })),
  from: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, included" })),
  to: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, not included" })),
};

export const unitCostsQuery = closed({
  ...filters,
  ...unitCostPeriod,
  group_by: Type.Optional(Type.String({ maxLength: 200, description: `A list with commas of ${UNIT_COST_GROUPS.join(", ")}` })),
  rolling: Type.Optional(Type.Enum(["true", "false"], { description: "true: also the last 1 h, 24 h, 7 d and 30 d of each row" })),
});

const decimal = Type.String({ pattern: "^-?\\d+(\\.\\d+)?$" });
const measure = Type.Enum(Object.keys(MEASURES));
export const ROLLING_WINDOWS = ["1h", "24h", "7d", "30d"] as const;
const rolling = closed(
  Object.fromEntries(
    ROLLING_WINDOWS.map((name) => [name, closed({ requests: count, total_usd: usdText, per_request_usd: orNull(usdText) })]),
  ),
);

const figures = {
  calls: count,
  cached: count,
  requests: count,
  in_doubt: count,
  unpriced: count,
  prompt_tokens: count,
  gen_tokens: count,
  components: closed(Object.fromEntries(COST_COMPONENTS.map((name) => [name, usdText]))),
  total_usd: usdText,
  per_request_usd: orNull(usdText),
  per_inference_usd: orNull(usdText),
  per_1k_tokens_usd: orNull(usdText),
  lump_usd: usdText,
  training_usd: usdText,
  gpu_hours: decimal,
  revenue_usd: orNull(usdText),
  margin_usd: orNull(usdText),
  margin_percent: orNull(decimal),
  business: Type.Record(Type.String(), closed({ count: decimal, usd_per_one: orNull(usdText) })),
  unpriced_parts: Type.Array(closed({ measure, reason: Type.String(), count })),
  baseline_usd: orNull(usdText),
  deviation_percent: orNull(decimal),
  rolling: Type.Optional(rolling),
};

export const unitCostsAnswer = closed({
  from: instantText,
  to: instantText,
  group_by: Type.Array(Type.Enum([...UNIT_COST_GROUPS])),
  rows: Type.Array(closed({ ...Object.fromEntries(UNIT_COST_GROUPS.map((group) => [group, Type.Optional(Type.String())])), ...figures })),
  total: closed(figures),
  pools: Type.Array(closed({ name: Type.String(), month: Type.String(), accrued_usd: usdText, shared: Type.Boolean() })),
  unpriced_models: Type.Array(closed({ provider: Type.String(), model: Type.String(), calls: count })),
});

export const costChangeQuery = closed({
  ...filters,
  week: Type.Optional(
    Type.String({
      pattern: "^(last|this|\\d{4}-\\d{2}-\\d{2})$",
      description: "last (the default), this, or a day of the week; weeks begin on Monday, in UTC, and are compared with the week before",
    }),
  ),
  from: unitCostPeriod.from,
  to: unitCostPeriod.to,
});
const usedPeriod = closed({
  from: instantText,
  to: instantText,
  requests: count,
  unpriced: count,
  total_usd: usdText,
  per_request_usd: orNull(usdText),
});
const change = orNull(
  closed({
    change_usd: usdText,
    change_percent: orNull(decimal),
    parts: Type.Array(closed({ cause: Type.Enum([...CHANGE_CAUSES]), usd: usdText })),
  }),
);
const modelUse = closed({
  calls: count,
  per_call_usd: orNull(usdText),
  prompt_tokens: count,
  cache_read_tokens: count,
  gen_tokens: count,
});
export const costChangeAnswer = closed({
  filter: Type.Record(Type.String(), Type.String()),
  before: usedPeriod,
  after: usedPeriod,
  per_request: change,
  total: change,
  models: Type.Array(closed({ model: Type.String(), before: modelUse, after: modelUse })),
});
