import { Type } from "typebox";
import { PRICED_MEASURES } from "../core/unit-cost/measures.ts";
import { amountIn, closed, count, orNull, scopeText, usdText } from "./field-contract.ts";

/** Types of events that are taken, as CloudEvents name them. */
export const USAGE_EVENTS = ["UsageMetered", "RevenueRecorded", "BusinessMetric", "RunStarted", "RunEnded"] as const;
export type UsageEventType = (typeof USAGE_EVENTS)[number];

/** What can be started and ended, and has costs of its own. */
export const RUN_KINDS = ["run", "session", "experiment", "job"] as const;
export type RunKind = (typeof RUN_KINDS)[number];

export const MOST_EVENTS = 1000;

const id = Type.String({ minLength: 1, maxLength: 400 });
const optional = Type.Optional(scopeText);
const quantity = Type.Unsafe<number | string>({
  type: ["number", "string"],
  description: "Zero or more, at most 6 decimal places; a number or decimal text",
});

/** What any of the types may say. Which of it a type needs and takes is in src/api/usage-events.ts. */
const data = closed({
  tenant: optional,
  environment: optional,
  feature: optional,
  service: optional,
  team: optional,
  use_case: optional,
  provider: optional,
  model: optional,
  run: optional,
  session: optional,
  experiment: optional,
  job: optional,
  trace_id: Type.Optional(
    Type.String({ pattern: "^[\\x21-\\x7e]{1,200}$", description: "The call it is part of: x-ballast-trace-id of its answer" }),
  ),
  resource_type: Type.Optional(Type.Enum([...PRICED_MEASURES])),
  units: Type.Optional(quantity),
  depth_k: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  cost_usd: Type.Optional(amountIn),
  revenue_usd: Type.Optional(amountIn),
  metric: optional,
  kind: Type.Optional(Type.Enum([...RUN_KINDS])),
});

/** CloudEvents 1.0, JSON format. Extension attributes are allowed, as it says, and not kept. */
const event = Type.Object(
  {
    specversion: Type.Literal("1.0"),
    id,
    source: id,
    type: Type.Enum([...USAGE_EVENTS]),
    time: Type.Optional(Type.String({ maxLength: 40, description: "When it happened, ISO 8601; when it arrived if absent" })),
    subject: Type.Optional(Type.String({ maxLength: 400 })),
    datacontenttype: Type.Optional(Type.Literal("application/json")),
    dataschema: Type.Optional(Type.String({ maxLength: 2000 })),
    data,
  },
  { additionalProperties: Type.Unsafe({ type: ["string", "number", "boolean"] }) },
);

/** One event and a batch, as their media types have them, arrive as this too. */
export const eventsBody = closed({ events: Type.Array(event, { minItems: 1, maxItems: MOST_EVENTS }) });

export const eventsAnswer = closed({
  accepted: count,
  events: Type.Array(
    closed({
      id: Type.String(),
      source: Type.String(),
      cost_usd: orNull(usdText),
      reason: Type.String({ description: "Why there is no cost, where one was expected; else empty" }),
    }),
  ),
});
