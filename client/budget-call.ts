/** What budgets can select besides tenant and model. A budget on one of these counts only calls that name it. */
export interface CallDimensions {
  readonly environment?: string | undefined;
  readonly feature?: string | undefined;
  readonly service?: string | undefined;
  readonly team?: string | undefined;
  readonly useCase?: string | undefined;
  readonly provider?: string | undefined;
  readonly run?: string | undefined;
}

/** A call as it is expected to be: tokens, or a cost in USD where the model has no price in Ballast. */
export interface BudgetCall extends CallDimensions {
  /** The client's own when absent. */
  readonly tenant?: string | undefined;
  readonly model: string;
  readonly promptTokens?: number | undefined;
  readonly completionTokens?: number | undefined;
  readonly estimatedCostUsd?: number | undefined;
}

/** What a call used. */
export interface CallUsage extends CallDimensions {
  /** The client's own when absent. */
  readonly tenant?: string | undefined;
  readonly model: string;
  /** All of them, those read from or written to a prompt cache included. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In USD, in place of the price list's cost. */
  readonly costUsd?: number | undefined;
  readonly reportType?: string | undefined;
  /** Makes the report count once. One is made when absent. */
  readonly requestId?: string | undefined;
  /** When the call was made, in UTC milliseconds; now when absent. */
  readonly at?: number | undefined;
}

/** A report as it is sent, and as `pending()` and `restore()` exchange it: plain JSON. */
export interface UsageReport {
  readonly request_id: string;
  readonly tenant_id: string;
  readonly model: string;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly timestamp: string;
  readonly cost_usd?: string;
  readonly report_type?: string;
  readonly environment?: string;
  readonly feature?: string;
  readonly service?: string;
  readonly team?: string;
  readonly use_case?: string;
  readonly provider?: string;
  readonly run?: string;
}

export type TenantCall = BudgetCall & { readonly tenant: string };

/** @throws TypeError without a tenant in the call or by default */
export function withTenant<Call extends { readonly tenant?: string | undefined }>(
  call: Call,
  byDefault: string | undefined,
): Call & { readonly tenant: string } {
  const tenant = call.tenant ?? byDefault;
  if (!tenant) throw new TypeError("Name a tenant, in the call or for the whole client.");
  return { ...call, tenant };
}

export function checkBodyOf(call: TenantCall): Record<string, unknown> {
  return {
    ...scopeOf(call),
    estimated_prompt_tokens: call.promptTokens,
    estimated_completion_tokens: call.completionTokens,
    estimated_cost_usd: amountOf(call.estimatedCostUsd),
  };
}

/** The same bytes for each attempt: Ballast refuses another report under the same id. */
export function reportOf(usage: CallUsage & { readonly tenant: string }, requestId: string, at: number): UsageReport {
  return {
    ...scopeOf(usage),
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    cost_usd: amountOf(usage.costUsd),
    report_type: usage.reportType,
    request_id: usage.requestId ?? requestId,
    timestamp: new Date(usage.at ?? at).toISOString(),
  } as UsageReport;
}

/** Calls with the same key fall under the same budgets. */
export function budgetKeyOf(call: TenantCall): string {
  return JSON.stringify(scopeOf(call));
}

function scopeOf(call: CallDimensions & { readonly tenant: string; readonly model: string }) {
  return {
    tenant_id: call.tenant,
    model: call.model,
    environment: call.environment,
    feature: call.feature,
    service: call.service,
    team: call.team,
    use_case: call.useCase,
    provider: call.provider,
    run: call.run,
  };
}

/** To the nearest nano-dollar, the finest that Ballast takes: what lies beyond in a computed number, such as 0.1 + 0.2, is noise. */
function amountOf(usd: number | undefined): string | undefined {
  return usd?.toFixed(9);
}
