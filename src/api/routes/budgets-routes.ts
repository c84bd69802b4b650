import { type BudgetView, budgetAnswer, budgetBody, budgetParams, budgetsAnswer } from "../../contract/budgets-contract.ts";
import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { formatUsd } from "../../core/money/usd.ts";
import { isTimeZone } from "../../core/time/window.ts";
import { percentUsed, type Standing } from "../../reports/budget-standing.ts";
import { readAmount } from "../amount.ts";
import { ok, type Route, route } from "../api-route.ts";
import { budgetRecord, setBudget } from "../budget-change.ts";
import { budgetNotes } from "../budget-notes.ts";
import { checkScopeValue, readSelector } from "../call-scope.ts";
import { standingsOf } from "../call-standings.ts";

export const budgetsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/budgets",
    summary: "Every budget and its account in the current window.",
    role: "viewer",
    answers: { 200: { description: "The budgets", schema: budgetsAnswer } },
    handle: async (_, deps) => ok({ budgets: (await standingsOf(deps.budgets.all(), deps.now(), deps)).map(budgetView) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/budgets/:scope",
    summary: "Sets the budget of a scope; what is left out stays as it was.",
    role: "admin",
    params: budgetParams,
    body: budgetBody,
    answers: { 200: { description: "The budget as stored", schema: budgetAnswer } },
    handle: async ({ params, body }, deps) => {
      const selector = readSelector(params.scope);
      const limitNano = readAmount(body.limit_usd, "/limit_usd", MOST_LIMIT_NANO);
      if (body.zone !== undefined && !isTimeZone(body.zone)) refuse("/zone", "is not an IANA time zone such as Europe/Berlin");
      const thresholds = body.thresholds;
      if (thresholds?.some((percent, index) => index > 0 && percent <= thresholds[index - 1]!)) refuse("/thresholds", "does not rise");
      if (body.window === "run" && selector.run === undefined) refuse("/window", "can be run only on a budget whose scope names a run");
      if (body.covers === "rest" && Object.keys(selector).join() !== "tenant") {
        refuse("/covers", "can be rest only on a budget of a whole tenant");
      }
      const place = { selector, window: body.window ?? "month", coversWhenNew: "all" } as const;
      const wish = {
        limitNano,
        zone: body.zone,
        hard: body.hard,
        onShort: body.on_short,
        fallbackModel: body.fallback_model === undefined ? undefined : checkScopeValue(body.fallback_model, "/fallback_model"),
        template: body.template,
        onStoreDown: body.on_store_down,
        thresholds,
        warnPercent: body.warn_percent,
        covers: body.covers,
      };
      const stored = await setBudget(place, wish, body.reason ?? "", deps);
      const [standing] = await standingsOf([stored], deps.now(), deps);
      return ok({ budget: budgetView(standing!), notes: budgetNotes(stored, deps) });
    },
  }),
];

function refuse(field: string, why: string): never {
  throw new Problem("invalid_request", { field }, { message: `${field} ${why}.` });
}

function budgetView({ budget, account }: Standing): BudgetView {
  return {
    ...budgetRecord(budget),
    account: {
      id: account.id,
      window_start: new Date(account.window.start).toISOString(),
      window_end: new Date(account.window.end).toISOString(),
      spent_usd: formatUsd(account.spentNano),
      held_usd: formatUsd(account.heldNano),
      in_doubt_usd: formatUsd(account.inDoubtNano),
      leased_usd: formatUsd(account.leasedNano),
      free_usd: formatUsd(account.freeNano),
      overrun_usd: formatUsd(account.overrunNano),
      percent_used: percentUsed(account.spentNano, account.limitNano),
    },
  };
}
