import { type Static, Type } from "typebox";
import { closed, count, instantText, limitQuery, orNull, scopeText, usdText } from "./field-contract.ts";

export const limitOnlyQuery = closed({ limit: Type.Optional(limitQuery) });

export const auditAnswer = closed({
  audit: Type.Array(
    closed({
      seq: Type.Integer(),
      at: instantText,
      actor: Type.String(),
      action: Type.String(),
      target: Type.String(),
      reason: Type.String(),
      before: Type.Unknown({ description: "What was there; null when it is new" }),
      after: Type.Unknown(),
    }),
  ),
});

export const verifyBody = closed({});
export const verifyAnswer = closed({
  ok: Type.Boolean(),
  findings: Type.Array(Type.String({ description: "A whole sentence" })),
  entries: count,
  accounts: count,
  audit_rows: count,
  outbox: closed({ waiting: count, parked: count }),
  in_doubt_holds: count,
  warehouse: closed({
    checked: Type.Boolean({ description: "False when there is no warehouse, or it could not be compared" }),
    traces: count,
    booked_usd: orNull(usdText),
  }),
});
export type VerifyAnswer = Static<typeof verifyAnswer>;

export const pricesQuery = closed({
  provider: Type.Optional(scopeText),
  model: Type.Optional(scopeText),
  at: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601; now when absent" })),
  as_known_at: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601: by what was known of prices then; now when absent" })),
});
export const priceView = closed({
  price_id: Type.String(),
  provider: Type.String(),
  model: Type.String(),
  source: Type.String({ description: "Where the price was published" }),
  valid_from: orNull(Type.String({ description: "Null when it holds from the start" })),
  valid_to: orNull(Type.String({ description: "First moment of another price; null while none is known" })),
  known_at: orNull(Type.String({ description: "When it became known, where its row says so" })),
  currency: Type.String({ description: "What the price was written in; the amounts are in USD" }),
  terms: Type.Array(Type.String({ description: "A discount or a rate of exchange that is in the amounts" })),
  rates: Type.Array(
    closed({
      component: Type.String({ description: "Such as input, output or cache_read" }),
      per: Type.String({ description: "What the amount is for, such as million_tokens" }),
      usd: usdText,
      above_input_tokens: orNull(Type.Integer({ description: "The tier begins above this many input tokens" })),
    }),
  ),
});
export type PriceView = Static<typeof priceView>;
export const pricesAnswer = closed({ at: instantText, as_known_at: Type.Optional(instantText), prices: Type.Array(priceView) });
