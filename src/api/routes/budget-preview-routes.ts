import type { Static } from "typebox";
import { previewAnswer, previewBody } from "../../contract/budget-preview-contract.ts";
import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { LimitPreview } from "../../core/ledger/limit-preview.ts";
import { formatUsd } from "../../core/money/usd.ts";
import { isTimeZone, windowAt } from "../../core/time/window.ts";
import type { CallsQuestion } from "../../ports/warehouse.ts";
import { readAmount } from "../amount.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readSelector } from "../call-scope.ts";
import { warehouseOf } from "./costs-routes.ts";

const DAY_MS = 86_400_000;
const PAGE = 20_000;
/** A minute or two of replay; more is a question for a narrower scope. */
const MOST_CALLS = 5_000_000;
const MOST_TENANTS = 1000;

/** What a change would have done. Reads only. */
export const budgetPreviewRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/budgets/preview",
    summary: "What a limit would have refused of the last days' calls. Changes nothing.",
    role: "viewer",
    body: previewBody,
    answers: { 200: { description: "Calls that would have been refused, per tenant, and thresholds", schema: previewAnswer } },
    handle: async ({ body }, deps) => ok(await previewBudget(body, deps)),
  }),
];

async function previewBudget(body: Static<typeof previewBody>, deps: ApiDeps): Promise<Static<typeof previewAnswer>> {
  const selector = readSelector(body.scope);
  const limitNano = readAmount(body.limit_usd, "/limit_usd", MOST_LIMIT_NANO);
  const { window = "month", zone = "UTC", hard = true, days = 30, thresholds = deps.defaultBudget?.thresholds ?? [50, 80, 100] } = body;
  if (!isTimeZone(zone)) refuse("/zone", "is not an IANA time zone such as Europe/Berlin");
  if (window === "run" && selector.run === undefined) refuse("/window", "can be run only with a scope that names a run");
  const end = deps.now() + 1;
  const earliest = end - days * DAY_MS;
  const start = window === "run" ? earliest : windowAt(window, zone, earliest).start;
  const preview = new LimitPreview({ limitNano, window, zone, hard, thresholds: thresholds.toSorted((a, b) => a - b) });
  await replay({ from: new Date(start), to: new Date(end), selector, limit: PAGE }, preview, deps);
  const tenants = preview.tenants();
  const sum = (of: (tenant: (typeof tenants)[number]) => bigint) => formatUsd(tenants.reduce((total, tenant) => total + of(tenant), 0n));
  return {
    scope: body.scope,
    limit_usd: formatUsd(limitNano),
    window,
    zone,
    hard,
    from: instant(start),
    to: instant(end),
    calls: tenants.reduce((total, { calls }) => total + calls, 0),
    cost_usd: sum(({ costNano }) => costNano),
    refused_calls: tenants.reduce((total, { refusedCalls }) => total + refusedCalls, 0),
    refused_usd: sum(({ refusedNano }) => refusedNano),
    tenants: tenants.slice(0, MOST_TENANTS).map(({ tenant, calls, costNano, refusedCalls, refusedNano, firstRefusedAt }) => ({
      tenant,
      calls,
      cost_usd: formatUsd(costNano),
      refused_calls: refusedCalls,
      refused_usd: formatUsd(refusedNano),
      first_refused_at: firstRefusedAt === undefined ? null : instant(firstRefusedAt),
    })),
    tenants_omitted: Math.max(0, tenants.length - MOST_TENANTS),
    thresholds: preview.crossings().map(({ percent, windowStart, at }) => {
      return { percent, window_start: instant(windowStart), crossed_at: instant(at) };
    }),
  };
}

/** Page by page, so that no more than one is in memory. */
async function replay(question: CallsQuestion, preview: LimitPreview, deps: ApiDeps): Promise<void> {
  const warehouse = warehouseOf(deps);
  let after: CallsQuestion["after"];
  for (let taken = 0; taken < MOST_CALLS; taken += PAGE) {
    const page = await warehouse.callsInOrder({ ...question, after });
    for (const { at, tenant, outcome, heldNano, costNano } of page) {
      preview.take({ at, tenant, heldNano, costNano: costNano ?? heldNano, reported: outcome === "tracked" });
    }
    if (page.length < question.limit) return;
    const { at, traceId } = page.at(-1)!;
    after = { at, traceId };
  }
  refuse("/days", `goes over more than ${MOST_CALLS} calls; take fewer days or a narrower scope`);
}

function refuse(field: string, why: string): never {
  throw new Problem("invalid_request", { field }, { message: `${field} ${why}.` });
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
