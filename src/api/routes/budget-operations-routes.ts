import {
  budgetOrScope,
  endRaiseBody,
  raiseAnswer,
  raiseBody,
  raiseParams,
  raisesAnswer,
  raisesQuery,
  resetAnswer,
  resetBody,
  treeAnswer,
} from "../../contract/budget-operations-contract.ts";
import { dryRunQuery } from "../../contract/field-contract.ts";
import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { type Budget, limitInForce } from "../../core/ledger/budget.ts";
import { type BudgetRaise, raiseTurn } from "../../core/ledger/budget-raise.ts";
import { budgetTree, type TreeNode } from "../../core/ledger/budget-tree.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import { checkRaise, creditOf } from "../../data/store/budget-operations.ts";
import { readAmount } from "../amount.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { budgetViewOf, plannedStanding, raiseRecord } from "../budget-cells.ts";
import { overCommitmentNotes } from "../budget-notes.ts";
import { readInstant } from "../call-period.ts";
import { standingsOf } from "../call-standings.ts";
import { findBudget, storedBudget } from "../find-budget.ts";

/** Raises for a time, resets of what is spent, and how budgets lie within each other. */
export const budgetOperationsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/budgets/tree",
    summary: "Which budgets lie within which, and where limits side by side sum to more than the one above them.",
    role: "viewer",
    answers: { 200: { description: "The budgets of every window kind", schema: treeAnswer } },
    handle: async (_, deps) => {
      const nodes = budgetTree(deps.budgets.lasting());
      const standings = await standingsOf(
        nodes.map(({ budget }) => budget),
        deps.now(),
        deps,
      );
      const spent = new Map(standings.map(({ budget, account }) => [budget.id, account.spentNano]));
      const budgets = nodes.map((node) => nodeView(node, spent.get(node.budget.id)!));
      return ok({ budgets, warnings: nodes.flatMap(overCommitmentNotes) });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/budgets/:budget/raises",
    summary: "Raises a budget's limit for a time.",
    role: "admin",
    params: budgetOrScope,
    query: dryRunQuery,
    body: raiseBody,
    answers: { 200: { description: "The raise, and the budget with it", schema: raiseAnswer } },
    handle: async ({ params, query, body, traceId }, deps) => {
      const budget = await findBudget(params.budget, body.window, deps);
      const createdAt = deps.now();
      const [beginsAt, endsAt] = [body.from === undefined ? createdAt : readInstant(body.from, "/from"), readInstant(body.until, "/until")];
      if (endsAt <= createdAt || endsAt <= beginsAt) refuse("/until", endsAt <= createdAt ? "is not in the future" : "is not after /from");
      const amountNano = readAmount(body.amount_usd, "/amount_usd", MOST_LIMIT_NANO);
      if (amountNano === 0n) throw new Problem("amount_invalid", { field: "/amount_usd" }, { message: "/amount_usd is zero." });
      const { approver, reason } = body;
      const id = `raise_${body.request_id ?? traceId}`;
      const raise = { id, budgetId: budget.id, amountNano, beginsAt, endsAt, approver, reason, createdAt };
      if (query.dry_run === "true") return ok(await raisePlan(budget, raise, deps));
      const stored = await deps.store.raiseBudget(raise, "admin");
      await deps.budgets.renew(stored.budgets);
      const repeated = stored.repeated ? { repeated: true } : {};
      return ok({ ...repeated, raise: raiseRecord(stored.raise), budget: await viewOf(budget.id, deps) });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/budgets/:budget/raises",
    summary: "A budget's raises, those that are over too, the newest first.",
    role: "viewer",
    params: budgetOrScope,
    query: raisesQuery,
    answers: { 200: { description: "At most 1000 raises", schema: raisesAnswer } },
    handle: async ({ params, query }, deps) => {
      const raises = await deps.store.raisesOf((await findBudget(params.budget, query.window, deps)).id, 1000);
      return ok({ raises: raises.filter(({ state }) => query.state === undefined || state === query.state).map(raiseRecord) });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/raises",
    summary: "Raises of all budgets that are in force or to come.",
    role: "viewer",
    answers: { 200: { description: "The raises", schema: raisesAnswer } },
    handle: async (_, deps) => ok({ raises: (await deps.store.raises()).map(raiseRecord) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/raises/:id/end",
    summary: "Ends a raise before its time. Doing it again changes nothing.",
    role: "admin",
    params: raiseParams,
    query: dryRunQuery,
    body: endRaiseBody,
    bodyOptional: true,
    answers: { 200: { description: "The raise, and the budget without it", schema: raiseAnswer } },
    handle: async ({ params, query, body }, deps) => {
      if (query.dry_run === "true") return ok(await endPlan(params.id, deps));
      const ended = await deps.store.endRaise({ id: params.id, at: deps.now(), actor: "admin", reason: body.reason ?? "" });
      await deps.budgets.renew(ended.budgets);
      return ok({ raise: raiseRecord(ended.raise), budget: await viewOf(ended.raise.budgetId, deps) });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/budgets/:budget/reset",
    summary: "Takes what is spent in the window off a budget again, as an entry of the ledger; all of it unless an amount is named.",
    role: "admin",
    params: budgetOrScope,
    query: dryRunQuery,
    body: resetBody,
    answers: { 200: { description: "What was credited, and the budget after it", schema: resetAnswer } },
    handle: async ({ params, query, body, traceId }, deps) => {
      const budget = await findBudget(params.budget, body.window, deps);
      const amountNano = body.amount_usd === undefined ? null : readAmount(body.amount_usd, "/amount_usd", MOST_LIMIT_NANO);
      if (query.dry_run === "true") return ok(await resetPlan(budget, amountNano, deps));
      const { approver, reason } = body;
      const id = `credit_${body.request_id ?? traceId}`;
      const request = { id, budgetId: budget.id, amountNano, at: deps.now(), actor: "admin", approver, reason };
      const credit = await deps.store.creditBudget(request);
      await deps.budgets.renew([credit.budget]);
      const repeated = credit.repeated ? { repeated: true } : {};
      return ok({ ...repeated, credited_usd: formatUsd(credit.creditedNano), budget: await viewOf(budget.id, deps) });
    },
  }),
];

function nodeView({ budget, parents, children, overCommitments }: TreeNode, spentNano: Nano) {
  const { id, window, hard } = budget;
  return {
    id,
    scope: { ...budget.selector },
    window,
    hard,
    limit_usd: formatUsd(limitInForce(budget)),
    spent_usd: formatUsd(spentNano),
    parents: [...parents],
    children: [...children],
    over_commitments: overCommitments.map((over) => ({
      dimensions: [...over.dimensions],
      children: over.children,
      children_limit_usd: formatUsd(over.childrenLimitNano),
      over_usd: formatUsd(over.overNano),
    })),
  };
}

/** As it is stored now. */
async function viewOf(budgetId: string, deps: ApiDeps) {
  const [standing] = await standingsOf([await storedBudget(budgetId, deps)], deps.now(), deps);
  return budgetViewOf(standing!, await deps.store.raises());
}

async function raisePlan(budget: Budget, asked: Omit<BudgetRaise, "state" | "endedEarly">, deps: ApiDeps) {
  const raises = await deps.store.raises();
  checkRaise(budget, raises, asked.amountNano);
  const planned: BudgetRaise = { ...asked, endedEarly: false, state: "planned" };
  const raise = { ...planned, state: raiseTurn(planned, deps.now()) ?? planned.state };
  const raised = raise.state === "active" ? withRaise(budget, raise.amountNano) : budget;
  const [standing] = await standingsOf([budget], deps.now(), deps);
  return {
    dry_run: true,
    raise: raiseRecord(raise),
    budget: budgetViewOf(plannedStanding(standing!, raised), [...raises, raise]),
  };
}

async function endPlan(id: string, deps: ApiDeps) {
  const found = await deps.store.findRaise(id);
  if (!found) throw new Problem("not_found", { raise: id }, { message: `There is no raise ${id}.` });
  const raise: BudgetRaise = found.state === "over" ? found : { ...found, state: "over", endedEarly: true, endsAt: deps.now() };
  const budget = await storedBudget(found.budgetId, deps);
  const [standing] = await standingsOf([budget], deps.now(), deps);
  const after = plannedStanding(standing!, found.state === "active" ? withRaise(budget, -found.amountNano) : budget);
  const others = (await deps.store.raises()).filter((other) => other.id !== id);
  return { dry_run: true, raise: raiseRecord(raise), budget: budgetViewOf(after, others) };
}

async function resetPlan(budget: Budget, amountNano: Nano | null, deps: ApiDeps) {
  const [standing] = await standingsOf([budget], deps.now(), deps);
  const creditedNano = creditOf(standing!.account.spentNano, amountNano);
  const view = budgetViewOf(plannedStanding(standing!, budget, { creditedNano }), await deps.store.raises());
  return { dry_run: true, credited_usd: formatUsd(creditedNano), budget: view };
}

function withRaise(budget: Budget, amountNano: Nano): Budget {
  return { ...budget, raisedNano: (budget.raisedNano ?? 0n) + amountNano };
}

function refuse(field: string, why: string): never {
  throw new Problem("invalid_request", { field }, { message: `${field} ${why}.` });
}
