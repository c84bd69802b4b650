import { hash } from "node:crypto";
import type { Static } from "typebox";
import type { trackBody } from "../contract/budget-service-contract.ts";
import { MOST_COST_NANO } from "../contract/most-amounts.ts";
import { Problem } from "../contract/problem.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { formatDecimal, formatUsd, type Nano, parseDecimal } from "../core/money/usd.ts";
import type { CallScope } from "../core/scope/scope.ts";
import { type Instant, windowAt } from "../core/time/window.ts";
import { percentUsed, standingStatus, tightest } from "../reports/budget-standing.ts";
import { readAmount } from "./amount.ts";
import type { ApiDeps, TokenCost } from "./api-deps.ts";
import type { Answer } from "./api-route.ts";
import { readInstant } from "./call-period.ts";
import { checkScopeValue, scopeOf } from "./call-scope.ts";
import { budgetsOfCall, ownStanding, standingsOf } from "./call-standings.ts";
import { calledTargets } from "./called-targets.ts";
import { warningHeader } from "./check-call.ts";
import { usdNumberOf } from "./tenant-budgets.ts";

type TrackBody = Static<typeof trackBody>;

interface Usage {
  readonly body: TrackBody;
  readonly requestId: string;
  readonly at: Instant;
  readonly scope: CallScope;
  readonly costNano: Nano;
  readonly price: Extract<TokenCost, { outcome: "priced" }> | undefined;
}

/** Clocks of applications run ahead a little. */
const MOST_AHEAD_MS = 5 * 60_000;
/** There was nothing to track before; a date that is older is a mistake of units. */
const EARLIEST = Date.UTC(2000, 0, 1);

/**
 * Books usage that an application paid for without the gateway, over the limit too: it has happened. Durable before it answers,
 * once per request id.
 * @throws Problem model_not_priced without a price and without `cost_usd`: it is not booked as zero
 * @throws Problem amount_invalid for a cost, given or computed, that no single report can have
 * @throws Problem idempotency_key_reused when the request id was used for other usage
 */
export async function trackUsage(body: TrackBody, deps: ApiDeps): Promise<Answer> {
  const usage = usageOf(body, deps);
  const { scope, at, requestId, costNano } = usage;
  const { all, due } = budgetsOfCall([scope], at, deps);
  const answer = await deps.store.track({
    requestId,
    at,
    tenant: scope.tenant,
    wants: all.map((budget) => ({ budgetId: budget.id, window: windowAt(budget.window, budget.zone, at) })),
    create: due,
    amountNano: costNano,
    inputTokens: body.prompt_tokens,
    outputTokens: body.completion_tokens,
    fingerprint: fingerprintOf(body),
    trace: JSON.stringify(traceOf(usage, deps)),
  });
  if (answer.outcome === "conflict") {
    const message = `The request id ${requestId} was tracked with other usage; nothing was booked.`;
    throw new Problem("idempotency_key_reused", { field: "/request_id", request_id: requestId }, { message });
  }
  deps.budgets.remember(answer.created);
  if (answer.outcome === "booked") count(usage, deps);
  const standings = await standingsOf(all, at, deps);
  const closest = tightest(standings);
  const account = ownStanding(standings)?.account;
  return {
    status: 200,
    headers: warningHeader(standings),
    body: {
      tracked: true,
      request_id: requestId,
      cost_usd: usdNumberOf(costNano),
      duplicate: answer.outcome === "repeated",
      tenant_id: scope.tenant,
      model: body.model,
      current_usage_usd: account ? usdNumberOf(account.spentNano) : null,
      monthly_limit_usd: account ? usdNumberOf(account.limitNano) : null,
      percentage_used: account ? percentUsed(account.spentNano, account.limitNano) : null,
      status: closest ? standingStatus(closest) : "ok",
    },
  };
}

function usageOf(body: TrackBody, deps: ApiDeps): Usage {
  const now = deps.now();
  const at = body.timestamp === undefined ? now : readInstant(body.timestamp, "/timestamp");
  if (at > now + MOST_AHEAD_MS || at < EARLIEST) {
    const message = `/timestamp lies ${at > now ? "in the future" : "before the year 2000"}.`;
    throw new Problem("invalid_request", { field: "/timestamp" }, { message });
  }
  const tokens = { inputTokens: body.prompt_tokens, outputTokens: body.completion_tokens };
  const [{ provider, model, listedModel, cost }] = calledTargets(body, tokens, at, deps);
  const price = cost.outcome === "priced" ? cost : undefined;
  const costNano = body.cost_usd === undefined ? price?.bookedNano : readAmount(body.cost_usd, "/cost_usd", MOST_COST_NANO);
  if (costNano !== undefined && costNano > MOST_COST_NANO) throw tooDear(body, costNano);
  if (costNano === undefined) {
    const message = `No price is known for ${body.model}, so nothing was booked; send cost_usd, or add a price and send it again.`;
    throw new Problem("model_not_priced", { model: body.model }, { message });
  }
  for (const name of ["session", "experiment"] as const) {
    const tag = body[name];
    if (tag !== undefined) checkScopeValue(tag, `/${name}`);
  }
  const scope = { ...scopeOf({ value: body.tenant_id, field: "/tenant_id" }, { ...body, provider, model }), listedModel };
  return {
    body,
    requestId: body.request_id ?? deps.newTraceId(),
    at,
    scope,
    costNano,
    price: body.cost_usd === undefined ? price : undefined,
  };
}

/** So many tokens are a mistake of units, as is a given cost above the same bound. */
function tooDear({ model, prompt_tokens: input, completion_tokens: output }: TrackBody, costNano: Nano): Problem {
  const field = input > output ? "/prompt_tokens" : "/completion_tokens";
  const cost = formatUsd(costNano);
  const message = `So many tokens of ${model} cost ${cost} USD, above the most that is accepted for one report, ${formatUsd(MOST_COST_NANO)} USD; nothing was booked.`;
  return new Problem("amount_invalid", { field, cost_usd: cost }, { message });
}

/** Over what the application sent, not over what we made of it: a price may change between a report and its repeat. */
function fingerprintOf(body: TrackBody): string {
  const sorted = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  const { cost_usd: cost } = body;
  // 0.50 and 0.5 are the same report.
  const amount = cost === undefined ? "" : formatUsd(readAmount(cost, "/cost_usd", MOST_COST_NANO));
  return hash("sha256", JSON.stringify([sorted.filter(([name]) => name !== "cost_usd"), amount]), "hex");
}

function traceOf({ body, requestId, at, scope, costNano, price }: Usage, deps: ApiDeps): RequestTrace {
  return {
    use_case_id: scope.use_case ?? "",
    ts: new Date(at).toISOString(),
    model_id: scope.model ?? body.model,
    prompt_tokens: body.prompt_tokens,
    gen_tokens: body.completion_tokens,
    depth_k: null,
    rerank_n: null,
    cache_hit: false,
    latency_ms: 0,
    unit_cost_usd: formatUsd(costNano),
    trace_id: deps.newTraceId(),
    tenant: scope.tenant,
    environment: scope.environment ?? "",
    feature: scope.feature ?? "",
    service: scope.service ?? "",
    team: scope.team ?? "",
    run_id: scope.run ?? "",
    api_key_id: "",
    provider: scope.provider ?? "",
    requested_model: body.model,
    operation: "track",
    report_type: body.report_type ?? "",
    stream: false,
    outcome: "tracked",
    cost_basis: "measured",
    status_code: 200,
    error_code: "",
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    input_cost_usd: price?.inputUsd ?? null,
    gen_cost_usd: price?.outputUsd ?? null,
    rounding_usd: price ? roundingUsd(costNano, price) : null,
    held_usd: "0",
    price_id: price?.priceId ?? "",
    attempts: 1,
    ttft_ms: null,
    // The application's own id of the call is what finds the row again.
    response_id: requestId,
    service_tier: "",
    priority: "p1",
    pii: false,
    levers: [],
    usage_details: {},
    session_id: body.session ?? "",
    experiment_id: body.experiment ?? "",
    holdout: false,
    complexity: null,
    model_size: "",
  };
}

/** What rounding up to a nano-dollar added to the exact cost. */
function roundingUsd(costNano: Nano, price: NonNullable<Usage["price"]>): string | null {
  const input = parseDecimal(price.inputUsd, 18);
  const output = parseDecimal(price.outputUsd, 18);
  if (input === undefined || output === undefined) return null;
  return formatDecimal(costNano * 1_000_000_000n - input - output, 18);
}

function count({ body, scope, costNano }: Usage, deps: ApiDeps): void {
  deps.metrics.call({
    tenant: scope.tenant,
    useCase: scope.use_case ?? "",
    provider: scope.provider ?? "",
    model: scope.model ?? body.model,
    outcome: "tracked",
    reportType: body.report_type ?? "",
    bookedNano: costNano,
    inputTokens: body.prompt_tokens,
    outputTokens: body.completion_tokens,
    durationMs: 0,
    overheadMs: 0,
  });
}
