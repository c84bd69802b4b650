import { Type } from "typebox";
import { SCOPE_DIMENSIONS, type ScopeDimension } from "../core/scope/scope.ts";
import { POOL_DRIVERS } from "../core/unit-cost/cost-pool.ts";
import { PRICED_MEASURES } from "../core/unit-cost/measures.ts";
import { amount, closed, list, text as writtenText } from "./setting-shapes.ts";
import type { TextFormatName } from "./text-formats.ts";

/* The settings under unit_costs, as config-schema.ts has the others. */

const text = (description: string, format: TextFormatName) => writtenText(description, { format });

const POOL_DIMENSIONS = SCOPE_DIMENSIONS.filter((dimension) => dimension !== "api_key" && dimension !== "run");
const scopeOf = (what: string) => {
  const value = (dimension: ScopeDimension) => Type.Optional(text(`${what} this ${dimension.replace("_", " ")}.`, "scope-value"));
  const properties = Object.fromEntries(POOL_DIMENSIONS.map((dimension) => [dimension, value(dimension)])) as {
    [Dimension in ScopeDimension]: ReturnType<typeof value>;
  };
  return closed(properties, `${what} these values; {} is all.`, { default: {} });
};
const months = {
  from: Type.Optional(text("First calendar month (UTC), such as 2026-11. Since ever by default.", "month")),
  to: Type.Optional(text("Last calendar month. For ever by default.", "month")),
};

const unitPrice = closed(
  {
    measure: Type.Enum([...PRICED_MEASURES], { description: "What is priced, each: a query, a candidate, a read, a minute, an hour." }),
    usd: amount("USD for one of it.", "price"),
    k: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        description: "For queries of up to so many results each; the nearest k that is not below holds. Any number by default.",
      }),
    ),
    use_case: Type.Optional(text("Only for this use case, before prices for all.", "scope-value")),
    valid_from: Type.Optional(text("First moment of the price. Since ever by default.", "instant")),
  },
  "A price of what requests use beside models.",
);

const pool = closed(
  {
    name: text("Name of the pool. An entry of the same name that begins later replaces the earlier one from then on.", "scope-value"),
    usd_per_month: amount("What it costs in a calendar month, in USD.", "usd"),
    driver: Type.Enum([...POOL_DRIVERS], {
      description: "What the share of a request goes by: the same for each, its tokens, its latency, or what its model cost.",
      default: "calls",
    }),
    scope: scopeOf("Shared by requests of"),
    ...months,
  },
  "A cost that requests have in common, such as hosting, tracing and logs: the component orchestration.",
);

const revenue = closed(
  {
    name: text("Name of the revenue.", "scope-value"),
    usd_per_month: Type.Optional(amount("USD in a calendar month, shared over its requests.", "usd")),
    usd_per_request: Type.Optional(amount("USD for each request. One of the two is needed.", "usd")),
    scope: scopeOf("Earned by requests of"),
    ...months,
  },
  "What requests earn.",
);

const businessMetric = closed(
  {
    name: text("What is counted, such as customers.", "scope-value"),
    value: amount("How many there are.", "price"),
    scope: scopeOf("Counted among"),
    valid_from: Type.Optional(text("First moment of the count. Since ever by default.", "instant")),
  },
  "A count that stands for a while. Counts that add up, such as reports, are sent as events.",
);

const baseline = closed(
  {
    use_case: text("The use case.", "scope-value"),
    usd: Type.Optional(amount("What a request of it should cost, in USD.", "price")),
    from: Type.Optional(text("Or the period in which it was measured: its first moment.", "instant")),
    to: Type.Optional(text("The first moment after that period.", "instant")),
  },
  "What requests of a use case are compared with: an amount, or what they cost in a period.",
);

export const unitCostsSetting = closed(
  {
    prices: list(unitPrice, "Prices of retrieval, rerank, vector reads and writes, people's minutes and GPU hours."),
    pools: list(pool, "Costs per month that requests share."),
    revenue: list(revenue, "What requests earn, for margins. Events can tell it too."),
    business_metrics: list(businessMetric, "Counts to divide costs by."),
    baselines: list(baseline, "What requests of a use case should cost."),
    abandoned_after_hours: Type.Integer({
      minimum: 1,
      maximum: 8760,
      description: "How long after its last spending a run that was started and not ended counts as abandoned.",
      default: 24,
    }),
  },
  "What requests cost beside their models, and what they earn: docs/concepts/unit-costs.md.",
  { default: {} },
);
