import { savingsAnswer, savingsQuery } from "../../contract/savings-contract.ts";
import { type PlannedSaving, SCOREBOARD_COLUMNS, savingsScoreboard } from "../../core/savings/savings-scoreboard.ts";
import { measuredSavings } from "../../reports/measured-savings.ts";
import { writeCsv } from "../../std/csv-text.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { EvidenceOfPeriod } from "../backlog-evidence.ts";
import { checkScopeValue } from "../call-scope.ts";
import { comparedPeriods } from "../compared-periods.ts";
import { savingView } from "../savings-view.ts";
import { warehouseOf } from "./costs-routes.ts";

const DAY_MS = 86_400_000;

/** What levers saved, measured against the holdout. */
export const savingsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/savings",
    summary: "What levers saved in a week against the calls of the holdout, net and with its interval, and the savings scoreboard.",
    role: "viewer",
    query: savingsQuery,
    answers: { 200: { description: "Per use case; with format csv the scoreboard as a file", schema: savingsAnswer } },
    handle: async ({ query }, deps) => {
      const { after: week } = comparedPeriods({ week: query.week ?? "last" }, deps.now());
      const useCase = query.use_case === undefined ? undefined : checkScopeValue(query.use_case, "/use_case");
      const savings = await measuredSavings(warehouseOf(deps), week, useCase);
      // The whole week ends on Sunday, also while it goes on.
      const sunday = new Date(week.start + 6 * DAY_MS).toISOString().slice(0, 10);
      const scoreboard = savingsScoreboard(sunday, savings, await plannedSavings(deps, useCase));
      if (query.format === "csv") {
        const body = writeCsv([SCOREBOARD_COLUMNS, ...scoreboard.map((row) => SCOREBOARD_COLUMNS.map((name) => row[name]))]);
        const headers = { "content-disposition": 'attachment; filename="savings_scoreboard.csv"' };
        return { status: 200, body, contentType: "text/csv; charset=utf-8; header=present", headers };
      }
      return ok({
        from: new Date(week.start).toISOString(),
        to: new Date(week.end).toISOString(),
        week_ending: sunday,
        use_cases: savings.map(savingView),
        scoreboard,
      });
    },
  }),
];

/** Items of the backlog with what they were to save: of the calls of the 30 days before each was made, so that a target stands still. */
async function plannedSavings(deps: ApiDeps, useCase: string | undefined): Promise<PlannedSaving[]> {
  const items = (await deps.store.backlog.list()).filter(({ status, scope }) => {
    return status !== "rejected" && (useCase === undefined || scope.use_case === undefined || scope.use_case === useCase);
  });
  const planned: PlannedSaving[] = [];
  for (const item of items) {
    const period = { start: item.createdAt - 30 * DAY_MS, end: item.createdAt };
    const { saving_percent: percent } = await new EvidenceOfPeriod(period, deps).expectationOf(item);
    planned.push({ item, targetPercent: percent ?? undefined });
  }
  return planned;
}
