import type { Static } from "typebox";
import type { checkBody } from "../contract/budget-service-contract.ts";
import { MOST_LIMIT_NANO } from "../contract/most-amounts.ts";
import { Problem } from "../contract/problem.ts";
import { PROBLEMS } from "../contract/problem-list.ts";
import type { Nano } from "../core/money/usd.ts";
import { type Instant, NEVER } from "../core/time/window.ts";
import { isAboveWarning, percentUsed, type Standing, tightest } from "../reports/budget-standing.ts";
import { readAmount } from "./amount.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { Answer } from "./api-route.ts";
import { instantToSecond } from "./call-period.ts";
import { scopeOf } from "./call-scope.ts";
import { budgetsOfCall, ownStanding, standingsOf } from "./call-standings.ts";
import { type CalledTarget, calledTargets } from "./called-targets.ts";
import { usdNumberOf } from "./tenant-budgets.ts";

type CheckBody = Static<typeof checkBody>;

/**
 * Would the budgets carry this call now? Writes and holds nothing: a call that must not overspend goes through the gateway.
 * @throws Problem model_not_priced when neither a price nor an estimate of the cost is there
 */
export async function checkCall(body: CheckBody, deps: ApiDeps): Promise<Answer> {
  const at = deps.now();
  const { costNano, targets } = estimateOf(body, at, deps);
  // One scope per target, as the gateway holds: each budget that the call could come to must carry it.
  const scopes = targets.map(({ provider, model, listedModel }) => {
    return { ...scopeOf({ value: body.tenant_id, field: "/tenant_id" }, { ...body, provider, model }), listedModel };
  });
  const standings = await standingsOf(budgetsOfCall(scopes, at, deps).all, at, deps);
  const headers = warningHeader(standings);
  const short = tightest(standings.filter((standing) => isShort(standing, costNano)));
  if (short) return refusal(body, short, costNano, at, headers);
  const leastNano = tightest(standings)?.account.freeNano;
  const account = ownStanding(standings)?.account;
  return {
    status: 200,
    headers,
    body: {
      allowed: true,
      tenant_id: body.tenant_id,
      model: body.model,
      estimated_cost_usd: usdNumberOf(costNano),
      current_usage_usd: account ? usdNumberOf(account.spentNano) : null,
      monthly_limit_usd: account ? usdNumberOf(account.limitNano) : null,
      remaining_usd: leastNano === undefined ? null : usdNumberOf(leastNano > 0n ? leastNano : 0n),
      percentage_used: account ? percentUsed(account.spentNano, account.limitNano) : null,
      reset_date: account ? instantToSecond(account.window.end) : null,
      warning: standings.some(isAboveWarning),
    },
  };
}

/** `X-AI-Budget-Warning: true` when any budget of the call is above its warning share. */
export function warningHeader(standings: readonly Standing[]): Record<string, string> {
  return standings.some(isAboveWarning) ? { "x-ai-budget-warning": "true" } : {};
}

/** A hard budget refuses what does not fit, and everything once nothing is left. */
function isShort({ account }: Standing, costNano: Nano): boolean {
  return account.hard && (costNano > account.freeNano || account.freeNano <= 0n);
}

function refusal(body: CheckBody, { account }: Standing, costNano: Nano, at: Instant, headers: Record<string, string>): Answer {
  const ends = account.window.end !== NEVER;
  const retryAfter: Record<string, string> = ends
    ? { "retry-after": String(Math.max(1, Math.ceil((account.window.end - at) / 1000))) }
    : {};
  return {
    status: 429,
    headers: { ...headers, ...retryAfter },
    body: {
      statusCode: 429,
      error: "Too Many Requests",
      message: "AI Budget Exceeded",
      code: "budget_exhausted",
      allowed: false,
      tenant_id: body.tenant_id,
      model: body.model,
      account: account.id,
      limit_usd: usdNumberOf(account.limitNano),
      spent_usd: usdNumberOf(account.spentNano),
      held_usd: usdNumberOf(account.heldNano),
      in_doubt_usd: usdNumberOf(account.inDoubtNano),
      estimated_cost_usd: usdNumberOf(costNano),
      reset_date: instantToSecond(account.window.end),
      remedy: PROBLEMS.budget_exhausted.remedy,
    },
  };
}

/** At the dearest of the places where the call may go. */
function estimateOf(body: CheckBody, at: Instant, deps: ApiDeps): { costNano: Nano; targets: readonly CalledTarget[] } {
  const inputTokens = either(body.estimated_prompt_tokens, body.prompt_tokens, "prompt_tokens");
  const outputTokens = either(body.estimated_completion_tokens, body.completion_tokens, "completion_tokens");
  const tokens = { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
  const targets = calledTargets(body, tokens, at, deps);
  if (body.estimated_cost_usd !== undefined) {
    return { costNano: readAmount(body.estimated_cost_usd, "/estimated_cost_usd", MOST_LIMIT_NANO), targets };
  }
  if (inputTokens === undefined && outputTokens === undefined) {
    const message = "Send estimated_prompt_tokens and estimated_completion_tokens, or estimated_cost_usd.";
    throw new Problem("invalid_request", { field: "/estimated_prompt_tokens" }, { message });
  }
  const costs = targets.flatMap(({ cost }) => (cost.outcome === "priced" ? [cost.bookedNano] : []));
  if (costs.length === 0) {
    const message = `No price is known for ${body.model}; send estimated_cost_usd, or add a price.`;
    throw new Problem("model_not_priced", { model: body.model }, { message });
  }
  return { costNano: costs.reduce((most, cost) => (cost > most ? cost : most)), targets };
}

function either(long: number | undefined, short: number | undefined, name: string): number | undefined {
  if (long !== undefined && short !== undefined && long !== short) {
    const message = `estimated_${name} and ${name} are the same field, and here they are ${long} and ${short}; send one of them.`;
    throw new Problem("invalid_request", { field: `/${name}` }, { message });
  }
  return long ?? short;
}
