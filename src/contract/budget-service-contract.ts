import { type Static, Type } from "typebox";
import { amountIn, closed, dryRun, instantText, notes, orNull, scopeText, tokenCount, usdNumber } from "./field-contract.ts";

/** The budget service of the FinOps strategy guide: `/api/ai-budget`, with the guide's own field names and JSON numbers. */

export const tenantParams = closed({ id: scopeText });

const modelText = Type.String({ minLength: 1, maxLength: 128, description: 'A model, or "*" for every model without a budget of its own' });

const tenantBudgetFields = {
  model: modelText,
  monthly_limit_usd: usdNumber,
  current_usage_usd: usdNumber,
  percentage_used: Type.Number({ description: "Two decimals" }),
  token_count_input: Type.Integer(),
  token_count_output: Type.Integer(),
  reset_date: instantText,
  status: Type.Enum(["ok", "warning", "exceeded"]),
  soft_limit_notified: Type.Boolean(),
  hard_limit_reached: Type.Boolean(),
};
export const tenantBudget = closed(tenantBudgetFields);
export type TenantBudget = Static<typeof tenantBudget>;

export const tenantBudgets = closed({
  tenant_id: scopeText,
  budgets: Type.Array(tenantBudget),
  total_usage_usd: usdNumber,
  total_limit_usd: usdNumber,
});

export const setBody = closed({ tenant_id: scopeText, model: modelText, monthly_limit_usd: amountIn });
export const setAnswer = closed({ dry_run: dryRun, tenant_id: scopeText, ...tenantBudgetFields, notes });

/** Dimensions of a call that a budget can select, besides tenant and model. */
const callDimensions = {
  environment: Type.Optional(scopeText),
  feature: Type.Optional(scopeText),
  service: Type.Optional(scopeText),
  team: Type.Optional(scopeText),
  use_case: Type.Optional(scopeText),
  provider: Type.Optional(scopeText),
  run: Type.Optional(scopeText),
};

export const checkBody = closed({
  tenant_id: scopeText,
  model: scopeText,
  estimated_prompt_tokens: Type.Optional(tokenCount),
  estimated_completion_tokens: Type.Optional(tokenCount),
  prompt_tokens: Type.Optional(tokenCount),
  completion_tokens: Type.Optional(tokenCount),
  estimated_cost_usd: Type.Optional(amountIn),
  ...callDimensions,
});

/**
 * Usage, limit, share and reset are those of the tenant's own budget that will refuse first, null where it has none; what remains is the least
 * left on any budget of the call, shared ones included.
 */
export const checkAnswer = closed({
  allowed: Type.Literal(true),
  tenant_id: scopeText,
  model: scopeText,
  estimated_cost_usd: usdNumber,
  current_usage_usd: orNull(usdNumber),
  monthly_limit_usd: orNull(usdNumber),
  remaining_usd: orNull(usdNumber),
  percentage_used: orNull(Type.Number()),
  reset_date: orNull(instantText),
  warning: Type.Boolean(),
});

export const checkRefusal = closed({
  statusCode: Type.Literal(429),
  error: Type.Literal("Too Many Requests"),
  message: Type.Literal("AI Budget Exceeded"),
  code: Type.Literal("budget_exhausted"),
  allowed: Type.Literal(false),
  tenant_id: scopeText,
  model: scopeText,
  account: Type.String(),
  limit_usd: usdNumber,
  spent_usd: usdNumber,
  held_usd: usdNumber,
  in_doubt_usd: usdNumber,
  estimated_cost_usd: usdNumber,
  reset_date: instantText,
  remedy: Type.String(),
});

export const trackBody = closed({
  tenant_id: scopeText,
  model: scopeText,
  prompt_tokens: tokenCount,
  completion_tokens: tokenCount,
  cost_usd: Type.Optional(amountIn),
  report_type: Type.Optional(scopeText),
  request_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "Makes the report count once, however often it is sent" }),
  ),
  timestamp: Type.Optional(Type.String({ maxLength: 40, description: "When the call was made, ISO 8601; now when absent" })),
  ...callDimensions,
  session: Type.Optional(scopeText),
  experiment: Type.Optional(scopeText),
});

export const trackAnswer = closed({
  tracked: Type.Literal(true),
  request_id: Type.String(),
  cost_usd: usdNumber,
  duplicate: Type.Boolean(),
  tenant_id: scopeText,
  model: scopeText,
  current_usage_usd: orNull(usdNumber),
  monthly_limit_usd: orNull(usdNumber),
  percentage_used: orNull(Type.Number()),
  status: Type.Enum(["ok", "warning", "exceeded"]),
});
