import { pricesAnswer, pricesQuery } from "../../contract/books-contract.ts";
import { dryRunQuery } from "../../contract/field-contract.ts";
import { explainAnswer, explainBody } from "../../contract/price-explain-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { repriceAnswer, repriceBody } from "../../contract/repricing-contract.ts";
import { formatUsd } from "../../core/money/usd.ts";
import { rememberedBooks } from "../../reports/remembered-books.ts";
import { type RepricedMonth, type RepriceQuestion, repriceMonth } from "../../reports/reprice-month.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readInstant } from "../call-period.ts";
import { checkScopeValue } from "../call-scope.ts";
import { explanationView, readUsage } from "../explain-price-view.ts";
import { repricingView } from "../repricing-view.ts";

/** What things cost, what they cost as was known at another time, and months priced again. */
export const pricesRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/prices",
    summary: "Prices as of an instant, with where they come from, and as they were known at another one.",
    role: "viewer",
    query: pricesQuery,
    answers: { 200: { description: "The prices; none when the model is not priced", schema: pricesAnswer } },
    handle: async ({ query }, deps) => {
      const at = query.at === undefined ? deps.now() : readInstant(query.at, "/at");
      const provider = query.provider === undefined ? undefined : checkScopeValue(query.provider, "/provider");
      const model = query.model === undefined ? undefined : checkScopeValue(query.model, "/model");
      const shown = { at: new Date(at).toISOString() };
      if (query.as_known_at === undefined) return ok({ ...shown, prices: deps.prices.show(provider, model, at) });
      const knownAt = readInstant(query.as_known_at, "/as_known_at");
      const { books } = await rememberedBooks(warehouseOf(deps).facts, deps.knowledge);
      const prices = deps.prices.show(provider, model, at, books.asKnownAt(knownAt).book);
      return ok({ ...shown, as_known_at: new Date(knownAt).toISOString(), prices });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/prices/explain",
    summary: "What a call costs, line by line: count, price, amount, and why that price.",
    role: "viewer",
    body: explainBody,
    answers: { 200: { description: "The lines; unpriced when a price is missing", schema: explainAnswer } },
    handle: async ({ body }, deps) => {
      const at = body.at === undefined ? deps.now() : readInstant(body.at, "/at");
      const [provider, model] = [checkScopeValue(body.provider, "/provider"), checkScopeValue(body.model, "/model")];
      const reading = readUsage(body.usage, body.dialect);
      const how = { serviceTier: body.service_tier, batch: body.batch === true, ignoredKeys: deps.ignoredUsageKeys };
      return ok(explanationView(deps.prices.find(provider, model, at), reading, how, at));
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/prices/reprice",
    summary: "Prices the calls of a month again by what is known of prices, tells the difference line by line, and writes it as facts.",
    role: "admin",
    query: dryRunQuery,
    body: repriceBody,
    answers: { 200: { description: "The month as it was booked, known then and known now", schema: repriceAnswer } },
    handle: async ({ query, body, traceId }, deps) => {
      const now = deps.now();
      const { from, to } = monthOf(body.month, now);
      const asKnownAtMs = body.as_known_at === undefined ? now : readInstant(body.as_known_at, "/as_known_at");
      const repricingId = query.dry_run === "true" ? undefined : `repricing_${traceId}`;
      const found = await audited({ from, to, asKnownAtMs, now, repricingId }, body, deps);
      return ok(repricingView({ month: body.month, asKnownAtMs, repricingId }, found));
    },
  }),
];

/** Prices the month again; whatever may have been written is in the audit log, also when it was cut off. */
async function audited(question: RepriceQuestion, { month, reason = "" }: { month: string; reason?: string }, deps: ApiDeps) {
  const warehouse = warehouseOf(deps);
  const { repricingId } = question;
  const change = { actor: "admin", action: "prices.reprice", target: month };
  const ask = async () => await repriceMonth(question, { facts: warehouse.facts, knowledge: deps.knowledge });
  if (repricingId === undefined) return await ask();
  let found: RepricedMonth;
  try {
    found = await ask();
  } catch (error) {
    const said = [reason, "(cut off: a part may be written; repeat it)"].filter(Boolean).join(" ");
    await deps.store.appendAudit({ ...change, reason: said, before: null, after: null }, question.now);
    throw error;
  }
  const [before, after] = [formatUsd(found.beforeNano), formatUsd(found.afterNano)];
  await deps.store.appendAudit({ ...change, reason, before, after }, question.now);
  return found;
}

function warehouseOf({ warehouse }: ApiDeps) {
  if (!warehouse) throw new Problem("warehouse_missing");
  return warehouse;
}

/** @throws Problem invalid_request for a month that has not begun */
function monthOf(month: string, now: number): { from: Date; to: Date } {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const from = new Date(Date.UTC(year, number - 1));
  if (from.getTime() > now) throw new Problem("invalid_request", { field: "/month" }, { message: "/month has not begun." });
  return { from, to: new Date(Date.UTC(year, number)) };
}
