import { Type } from "typebox";
import { windowKind } from "./budgets-contract.ts";
import { amountIn, closed, count, instantText, orNull, usdText } from "./field-contract.ts";

export const previewBody = closed({
  scope: Type.String({ minLength: 1, maxLength: 1500, description: 'Such as "tenant=acme,model=gpt-4o"; "*" is every call' }),
  limit_usd: amountIn,
  window: Type.Optional(windowKind),
  zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "IANA time zone" })),
  hard: Type.Optional(Type.Boolean()),
  thresholds: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), { maxItems: 20, uniqueItems: true })),
  days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, description: "How far back; 30 unless set" })),
});

export const previewAnswer = closed({
  scope: Type.String(),
  limit_usd: usdText,
  window: windowKind,
  zone: Type.String(),
  hard: Type.Boolean(),
  /** The beginning of the window that the first of the days lies in, so that it is replayed whole. */
  from: instantText,
  to: instantText,
  calls: count,
  cost_usd: usdText,
  refused_calls: count,
  refused_usd: usdText,
  tenants: Type.Array(
    closed({
      tenant: Type.String(),
      calls: count,
      cost_usd: usdText,
      refused_calls: count,
      refused_usd: usdText,
      first_refused_at: orNull(instantText),
    }),
    { description: "Those that it hits hardest first, at most 1000" },
  ),
  tenants_omitted: count,
  thresholds: Type.Array(closed({ percent: Type.Integer(), window_start: instantText, crossed_at: instantText })),
});
