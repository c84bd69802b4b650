import { auditAnswer, limitOnlyQuery, verifyAnswer, verifyBody } from "../../contract/books-contract.ts";
import { doubtfulHolds, holdParams, resolveAnswer, resolveBody } from "../../contract/budgets-contract.ts";
import { MOST_COST_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { formatUsd } from "../../core/money/usd.ts";
import type { Hold } from "../../ports/ledger-store.ts";
import { verifyBooks } from "../../reports/verify-books.ts";
import { readAmount } from "../amount.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";

/** What operators look into: audit, holds in doubt, and whether the books agree. */
export const booksRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/audit",
    summary: "The newest changes that people made first.",
    role: "admin",
    query: limitOnlyQuery,
    answers: { 200: { description: "The changes", schema: auditAnswer } },
    handle: async ({ query }, deps) => {
      const rows = await deps.store.audit(limitOf(query));
      const audit = rows.map(({ seq, at, actor, action, target, reason, before, after }) => {
        return {
          seq,
          at: new Date(at).toISOString(),
          actor,
          action,
          target,
          reason,
          before: objectOrText(before),
          after: objectOrText(after),
        };
      });
      return ok({ audit });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/holds/in-doubt",
    summary: "Holds of calls that may have been billed at a cost not known yet. They count until they are resolved.",
    role: "viewer",
    query: limitOnlyQuery,
    answers: { 200: { description: "The holds", schema: doubtfulHolds } },
    handle: async ({ query }, deps) => ok({ holds: (await deps.store.holdsInDoubt(limitOf(query))).map(holdView) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/holds/:id/resolve",
    summary: "Says what a hold in doubt cost, from the provider's own records.",
    role: "admin",
    params: holdParams,
    body: resolveBody,
    answers: { 200: { description: "The hold, and what was booked for it", schema: resolveAnswer } },
    handle: async ({ params, body }, deps) => {
      const amountNano = readAmount(body.cost_usd, "/cost_usd", MOST_COST_NANO);
      const request = { holdId: params.id, amountNano, at: deps.now(), actor: "admin", reason: body.reason };
      try {
        return ok({ hold: holdView(await deps.store.resolveDoubt(request)), booked_usd: formatUsd(amountNano) });
      } catch (error) {
        throw error instanceof Problem && error.code === "hold_not_found" ? await toldFromAudit(error, params.id, deps) : error;
      }
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/verify",
    summary: "Recomputes every balance and compares ledger, API and warehouse.",
    role: "viewer",
    body: verifyBody,
    bodyOptional: true,
    answers: { 200: { description: "What was checked, and what was found", schema: verifyAnswer } },
    handle: async (_, deps) => ok(await verifyBooks(deps)),
  }),
];

/** How far back the audit log is looked through for why a hold is no longer in doubt. */
const MOST_AUDIT_ROWS = 1000;

/** Whether the hold was never there, or somebody has said already what it cost. */
async function toldFromAudit(notFound: Problem, holdId: string, { store }: ApiDeps): Promise<Problem> {
  const rows = await store.audit(MOST_AUDIT_ROWS);
  const before = rows.find(({ action, target }) => action === "hold.resolve" && target === holdId);
  if (!before) return notFound;
  const resolved = { resolved_at: new Date(before.at).toISOString(), booked_usd: before.after };
  const message = `The hold ${holdId} was resolved already, at ${resolved.resolved_at}, with ${before.after} USD; nothing was booked now.`;
  return new Problem("hold_not_found", { ...notFound.details, ...resolved }, { cause: notFound, message });
}

function limitOf(query: { limit?: string }): number {
  return query.limit === undefined ? 100 : Number(query.limit);
}

function holdView({ holdId, accounts, heldNano, since, reason }: Hold) {
  return { id: holdId, accounts: [...accounts], held_usd: formatUsd(heldNano), since: new Date(since).toISOString(), reason };
}

/** Changes are kept as text: objects as JSON, amounts and words as they are. An amount stays text. */
function objectOrText(text: string | null): unknown {
  if (text === null || !text.startsWith("{")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
