import {
  type BudgetChangeView,
  budgetsQuery,
  importAnswer,
  importBody,
  setBudgetAnswer,
} from "../../contract/budget-operations-contract.ts";
import { budgetBody, budgetParams, budgetsAnswer } from "../../contract/budgets-contract.ts";
import { dryRunQuery } from "../../contract/field-contract.ts";
import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import type { Budget } from "../../core/ledger/budget.ts";
import { budgetTree } from "../../core/ledger/budget-tree.ts";
import { isTimeZone } from "../../core/time/window.ts";
import { readAmount } from "../amount.ts";
import { type Answer, ok, type Route, route } from "../api-route.ts";
import { budgetViewOf } from "../budget-cells.ts";
import { type BudgetPlan, planBudget, standingAfter, storedBudgetAt } from "../budget-change.ts";
import { type BudgetFileFormat, readBudgetFile, writeBudgetFile } from "../budget-file.ts";
import { budgetNotes, overCommitmentNotes } from "../budget-notes.ts";
import { BUDGETS_A_PAGE, pageOfBudgets } from "../budget-page.ts";
import { checkScopeValue, readSelector } from "../call-scope.ts";
import { standingsOf } from "../call-standings.ts";
import { planImport } from "../plan-import.ts";

export const budgetsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/budgets",
    summary: "Budgets and their accounts in the current window, in the order of their ids, page by page.",
    role: "viewer",
    query: budgetsQuery,
    answers: { 200: { description: "The budgets; with format csv or yaml as a file", schema: budgetsAnswer } },
    handle: async ({ query }, deps) => {
      if (query.format === "csv" || query.format === "yaml") return exportOf(query.format, deps.budgets.lasting());
      const limit = query.limit === undefined ? BUDGETS_A_PAGE : Number(query.limit);
      const { page, next } = pageOfBudgets(deps.budgets.all(), query.after ?? "", limit);
      const standings = await standingsOf(page, deps.now(), deps);
      const raises = await deps.store.raises();
      return ok({ budgets: standings.map((standing) => budgetViewOf(standing, raises)), next });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/budgets/import",
    summary: "Creates and changes the budgets of a file, all or none; those that it does not name stay.",
    role: "admin",
    query: dryRunQuery,
    body: importBody,
    mostBodyBytes: 8 * 1024 * 1024,
    answers: { 200: { description: "What was created and changed", schema: importAnswer } },
    handle: async ({ query, body }, deps) => {
      const reason = body.reason === undefined ? "import" : `import: ${body.reason}`;
      const plans = planImport(readBudgetFile(body.format, body.text), reason, deps);
      const changing = plans.filter(({ view }) => view.action !== "unchanged");
      const inFile = changing.filter(({ budget }) => deps.budgetsInFile.has(budget.id)).map(({ budget }) => budget.id);
      const filed =
        inFile.length === 0 ? [] : [`ballast.yaml names these too, and sets them when it says something new: ${inFile.join("; ")}.`];
      const planned = new Map([...deps.budgets.lasting(), ...changing.map(({ budget }) => budget)].map((budget) => [budget.id, budget]));
      const notes = [...filed, ...budgetTree([...planned.values()]).flatMap(overCommitmentNotes)];
      if (query.dry_run === "true") return ok({ dry_run: true, ...importAnswerOf(plans, notes) });
      if (changing.length > 0) await deps.budgets.putAll(changing);
      return ok(importAnswerOf(plans, notes));
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/budgets/:scope",
    summary: "Sets the budget of a scope; what is left out stays as it was.",
    role: "admin",
    params: budgetParams,
    query: dryRunQuery,
    body: budgetBody,
    answers: { 200: { description: "The budget as stored", schema: setBudgetAnswer } },
    handle: async ({ params, query, body }, deps) => {
      const selector = readSelector(params.scope);
      if (body.limit_usd === undefined && typeof body.tier !== "string")
        refuse("/limit_usd", "is missing from the body, and no tier is named");
      const limitNano = body.limit_usd === undefined ? undefined : readAmount(body.limit_usd, "/limit_usd", MOST_LIMIT_NANO);
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
        tier: body.tier,
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
      const plan = planBudget(await storedBudgetAt(place, deps), place, wish, body.reason ?? "", deps);
      const raises = await deps.store.raises();
      if (query.dry_run === "true") {
        const budget = budgetViewOf(await standingAfter(plan, deps), raises);
        return ok({ dry_run: true, budget, change: plan.view, notes: budgetNotes(plan.budget, deps) });
      }
      const stored = await deps.budgets.put(plan.budget, plan.change);
      const [standing] = await standingsOf([stored], deps.now(), deps);
      return ok({ budget: budgetViewOf(standing!, raises), change: plan.view, notes: budgetNotes(stored, deps) });
    },
  }),
];

function exportOf(format: BudgetFileFormat, budgets: readonly Budget[]): Answer {
  const contentType = format === "csv" ? "text/csv; charset=utf-8; header=present" : "application/yaml; charset=utf-8";
  const body = writeBudgetFile(
    format,
    budgets.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
  return { status: 200, body, contentType, headers: { "content-disposition": `attachment; filename="budgets.${format}"` } };
}

function importAnswerOf(plans: readonly BudgetPlan[], notes: string[]) {
  const views = plans.map(({ view }) => view);
  const countOf = (action: BudgetChangeView["action"]) => views.filter((view) => view.action === action).length;
  const counts = { created: countOf("create"), changed: countOf("change"), unchanged: countOf("unchanged") };
  return { ...counts, changes: views.filter(({ action }) => action !== "unchanged"), notes };
}

function refuse(field: string, why: string): never {
  throw new Problem("invalid_request", { field }, { message: `${field} ${why}.` });
}
