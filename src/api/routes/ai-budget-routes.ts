import {
  checkAnswer,
  checkBody,
  checkRefusal,
  setAnswer,
  setBody,
  tenantBudgets as tenantBudgetsShape,
  tenantParams,
  trackAnswer,
  trackBody,
} from "../../contract/budget-service-contract.ts";
import { dryRunQuery } from "../../contract/field-contract.ts";
import { ok, type Route, route } from "../api-route.ts";
import { checkScopeValue } from "../call-scope.ts";
import { checkCall } from "../check-call.ts";
import { setTenantBudget, tenantBudgets } from "../tenant-budgets.ts";
import { trackUsage } from "../track-usage.ts";

/** The budget service of the FinOps strategy guide. */
export const aiBudgetRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/ai-budget/tenant/:id",
    summary: "A tenant's monthly AI budgets and what is used of them.",
    role: "viewer",
    params: tenantParams,
    answers: { 200: { description: "The budgets", schema: tenantBudgetsShape } },
    handle: async ({ params, isFresh }, deps) => {
      const { status, ageMs } = await tenantBudgets(checkScopeValue(params.id, "tenant id"), { isFresh }, deps);
      return ok(status, ageMs === undefined ? {} : { age: String(Math.floor(ageMs / 1000)) });
    },
  }),
  route({
    method: "POST",
    path: "/api/ai-budget/set",
    summary: "Sets a tenant's monthly limit for a model.",
    role: "admin",
    query: dryRunQuery,
    body: setBody,
    answers: { 200: { description: "The budget as stored", schema: setAnswer } },
    handle: async ({ query, body }, deps) => ok(await setTenantBudget(body, query.dry_run === "true", deps)),
  }),
  route({
    method: "POST",
    path: "/api/ai-budget/check",
    summary: "Whether the budgets would carry a call now. Holds nothing.",
    role: "viewer",
    body: checkBody,
    answers: {
      200: { description: "They would", schema: checkAnswer },
      429: { description: "They would not", schema: checkRefusal },
    },
    handle: ({ body }, deps) => checkCall(body, deps),
  }),
  route({
    method: "POST",
    path: "/api/ai-budget/track",
    summary: "Books what a call used that did not go through the gateway.",
    role: "viewer",
    body: trackBody,
    answers: { 200: { description: "Booked, durably", schema: trackAnswer } },
    handle: ({ body }, deps) => trackUsage(body, deps),
  }),
];
