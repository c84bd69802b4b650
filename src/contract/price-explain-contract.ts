import { type Static, Type } from "typebox";
import { NO_USAGE, type TokenCounts, USAGE_DIALECTS } from "../core/usage/usage.ts";
import { closed, count, instantText, orNull, scopeText, usdText } from "./field-contract.ts";

/** Counts of tokens and searches by their names on the wire: "inputTokens" is input_tokens. */
export const USAGE_FIELDS = Object.fromEntries(
  Object.keys(NO_USAGE).map((name) => [
    name.replace(/(5m|1h)/, "_$1").replace(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`),
    name as keyof TokenCounts,
  ]),
);

export const explainBody = closed({
  provider: scopeText,
  model: scopeText,
  usage: Type.Record(Type.String(), Type.Unknown(), {
    description:
      "Inclusive counts such as input_tokens, cache_read_tokens and rerank_searches; or, with dialect, the usage object of a provider's answer, or the whole answer",
  }),
  dialect: Type.Optional(Type.Enum([...USAGE_DIALECTS])),
  at: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601; now when absent" })),
  service_tier: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  batch: Type.Optional(Type.Boolean()),
});

export const explainAnswer = closed({
  at: instantText,
  price_id: orNull(Type.String({ description: "Null when the model has no price then" })),
  source: orNull(Type.String()),
  outcome: Type.Enum(["priced", "unpriced"]),
  reason: orNull(Type.String({ description: "Why it is unpriced, with the unit, the variant or the count that nobody reads" })),
  usage: Type.Record(Type.String(), count, { description: "What was counted, by our names; of tokens, inclusive" }),
  service_tier: orNull(
    Type.String({ description: "The tier that was priced: the one given, else the one that the answer says was served" }),
  ),
  provider_cost_usd: orNull(Type.String({ description: "What the provider says the call cost" })),
  tier_above_input_tokens: orNull(count),
  lines: Type.Array(
    closed({ unit: Type.String(), count, per: Type.String(), price_usd: usdText, amount_usd: usdText, rule: Type.String() }),
  ),
  total_usd: orNull(usdText),
  booked_usd: orNull(usdText),
});
export type ExplainAnswer = Static<typeof explainAnswer>;
