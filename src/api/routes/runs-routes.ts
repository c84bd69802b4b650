import { runsAnswer, runsQuery } from "../../contract/runs-contract.ts";
import { runCosts } from "../../reports/run-costs.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readPeriod } from "../call-period.ts";
import { checkScopeValue } from "../call-scope.ts";
import { warehouseOf } from "./costs-routes.ts";

/** What runs, sessions, experiments and training jobs cost, and what became of them. */
export const runsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/runs",
    summary: "Cost and state of runs, sessions, experiments or training jobs; the total is the exact sum of the rows.",
    role: "viewer",
    query: runsQuery,
    answers: { 200: { description: "One row each, dearest first", schema: runsAnswer } },
    handle: async ({ query }, deps) => {
      const now = deps.now();
      const period = readPeriod(query, now, "month");
      const kind = query.by ?? "run";
      const tenant = query.tenant === undefined ? undefined : checkScopeValue(query.tenant, "/tenant");
      const runs = await runCosts(warehouseOf(deps), deps.unitCosts, { kind, period, tenant, state: query.state, now });
      const [from, to] = [new Date(period.start).toISOString(), new Date(period.end).toISOString()];
      return ok({ from, to, by: kind, abandoned_after_hours: deps.unitCosts.abandonedAfterMs / 3_600_000, ...runs });
    },
  }),
];
