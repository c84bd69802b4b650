import { type Static, Type } from "typebox";
import { ON_STORE_DOWN } from "../core/ledger/budget.ts";
import { ON_SHORT } from "../core/ledger/on-short.ts";
import { WINDOW_KINDS } from "../core/time/window.ts";
import { amountIn, closed, idText, instantText, limitQuery, orNull, raiseView, scopeText, usdText } from "./field-contract.ts";

export const budgetScope = closed({
  tenant: Type.Optional(scopeText),
  environment: Type.Optional(scopeText),
  feature: Type.Optional(scopeText),
  service: Type.Optional(scopeText),
  team: Type.Optional(scopeText),
  use_case: Type.Optional(scopeText),
  provider: Type.Optional(scopeText),
  model: Type.Optional(scopeText),
  api_key: Type.Optional(scopeText),
  run: Type.Optional(scopeText),
});

/** An answer is a few sentences; every budget is kept in memory. */
export const MOST_TEMPLATE_LENGTH = 4000;

export const windowKind = Type.Enum([...WINDOW_KINDS]);
export const onShort = Type.Enum([...ON_SHORT], { description: "What happens to a call that does not fit, the strictest first" });
const fallbackModel = Type.String({ minLength: 1, maxLength: 128, description: "For on_short fallback_model" });
const template = Type.String({ minLength: 1, maxLength: MOST_TEMPLATE_LENGTH, description: "The answer, for on_short template" });
export const onStoreDown = Type.Enum([...ON_STORE_DOWN], { description: "New calls while the ledger cannot be written" });
export const covers = Type.Enum(["all", "rest"], { description: "rest: only calls of models without a budget of their own" });
const warnPercent = Type.Integer({ minimum: 1, maximum: 100 });
const thresholds = Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), { maxItems: 20, uniqueItems: true });

export const budgetAccount = closed({
  id: Type.String(),
  window_start: instantText,
  window_end: instantText,
  limit_usd: usdText,
  spent_usd: usdText,
  credited_usd: usdText,
  held_usd: usdText,
  in_doubt_usd: usdText,
  leased_usd: usdText,
  free_usd: usdText,
  overrun_usd: usdText,
  percent_used: Type.Number(),
});

export const budgetView = closed({
  id: Type.String(),
  scope: budgetScope,
  limit_usd: usdText,
  window: windowKind,
  zone: Type.String(),
  hard: Type.Boolean(),
  on_short: onShort,
  fallback_model: Type.Optional(fallbackModel),
  template: Type.Optional(template),
  on_store_down: onStoreDown,
  thresholds,
  warn_percent: warnPercent,
  covers,
  tier: orNull(Type.String()),
  origin: Type.Enum(["default", "config", "api", "policy"]),
  raises: Type.Array(raiseView, { description: "In force, or to come" }),
  account: budgetAccount,
});
export type RaiseView = Static<typeof raiseView>;
export type BudgetView = Static<typeof budgetView>;

export const budgetsPage = {
  after: Type.Optional(Type.String({ maxLength: 2000, description: "Id of the last budget that is known; its page begins after it" })),
  limit: Type.Optional(limitQuery),
};
export const budgetsAnswer = closed({
  budgets: Type.Array(budgetView),
  /** To be sent as `after` for the next page; null on the last. */
  next: Type.Union([Type.String(), Type.Null()]),
});

export const budgetParams = closed({
  scope: Type.String({ minLength: 1, maxLength: 1500, description: 'Such as "tenant=acme,model=gpt-4o"; "*" is every call' }),
});
export const budgetBody = closed({
  limit_usd: Type.Optional(amountIn),
  tier: Type.Optional(orNull(Type.String({ minLength: 1, maxLength: 128, description: "Says what the body does not; null for none" }))),
  window: Type.Optional(windowKind),
  zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "IANA time zone" })),
  hard: Type.Optional(Type.Boolean()),
  on_short: Type.Optional(onShort),
  fallback_model: Type.Optional(fallbackModel),
  template: Type.Optional(template),
  on_store_down: Type.Optional(onStoreDown),
  thresholds: Type.Optional(thresholds),
  warn_percent: Type.Optional(warnPercent),
  covers: Type.Optional(covers),
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
});

export const holdParams = closed({ id: idText });
export const doubtfulHold = closed({
  id: Type.String(),
  accounts: Type.Array(Type.String()),
  held_usd: usdText,
  since: instantText,
  reason: Type.String(),
});
export const doubtfulHolds = closed({ holds: Type.Array(doubtfulHold) });
export const resolveBody = closed({ cost_usd: amountIn, reason: Type.String({ minLength: 1, maxLength: 1000 }) });
export const resolveAnswer = closed({ hold: doubtfulHold, booked_usd: usdText });
