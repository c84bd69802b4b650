import {
  backlogAnswer,
  backlogBody,
  backlogImportAnswer,
  backlogImportBody,
  backlogParams,
  backlogQuery,
  backlogSetAnswer,
  MOST_BACKLOG_ITEMS,
  newBacklogBody,
  type RecommendationsAnswer,
  recommendationsAnswer,
  recommendationsQuery,
} from "../../contract/backlog-contract.ts";
import { dryRunQuery } from "../../contract/field-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { SAVING_LEVERS } from "../../core/backlog/saving-lever-list.ts";
import { parseDecimal } from "../../core/money/usd.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { type BacklogPlan, backlogView, planBacklogItem } from "../backlog-change.ts";
import { EvidenceOfPeriod } from "../backlog-evidence.ts";
import { planBacklogImport, writeBacklogFile } from "../backlog-file.ts";
import { readPeriod } from "../call-period.ts";
import { readSelector } from "../call-scope.ts";

type Recommendation = RecommendationsAnswer["recommendations"][number];

/** What is planned to make calls cost less, what it would save, and what else could be. */
export const backlogRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/backlog",
    summary:
      "The optimisation backlog, each item with its measured baseline and what it would save of the calls of the period, 30 days unless set.",
    role: "viewer",
    query: backlogQuery,
    answers: { 200: { description: "The items; with format csv or yaml as a file", schema: backlogAnswer } },
    handle: async ({ query }, deps) => {
      const items = (await deps.store.backlog.list()).filter(({ status }) => query.status === undefined || status === query.status);
      const { format } = query;
      if (format === "csv" || format === "yaml") {
        const contentType = format === "csv" ? "text/csv; charset=utf-8; header=present" : "application/yaml; charset=utf-8";
        const headers = { "content-disposition": `attachment; filename="backlog.${format}"` };
        return { status: 200, body: writeBacklogFile(format, items), contentType, headers };
      }
      const period = readPeriod(query, deps.now(), "30d");
      const evidence = new EvidenceOfPeriod(period, deps);
      const measured: object[] = [];
      // One after the other: a long list must not take the whole engine.
      for (const item of items) measured.push({ ...backlogView(item), expectation: await evidence.expectationOf(item) });
      return ok({ ...textOf(period), items: measured });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/backlog",
    summary: "Adds an item to the backlog.",
    role: "admin",
    query: dryRunQuery,
    body: newBacklogBody,
    answers: { 200: { description: "The item as stored", schema: backlogSetAnswer } },
    handle: async ({ query, body }, deps) => {
      const known = await deps.store.backlog.list();
      const { reason = "", ...wish } = body;
      const plan = planBacklogItem(wish, undefined, deps.now(), reason);
      if (known.some(({ id }) => id === plan.item.id)) {
        const message = `There is an item ${plan.item.id} already: change it, or give the new one an id of its own.`;
        throw new Problem("invalid_request", { field: "/id" }, { message });
      }
      checkRoom(known.length, [plan]);
      return await carriedOut(plan, query.dry_run === "true", deps);
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/backlog/import",
    summary: "Creates and changes the items of a file, all or none; those that it does not name stay.",
    role: "admin",
    query: dryRunQuery,
    body: backlogImportBody,
    mostBodyBytes: 1024 * 1024,
    answers: { 200: { description: "What was created and changed", schema: backlogImportAnswer } },
    handle: async ({ query, body: { format, text, reason } }, deps) => {
      const known = await deps.store.backlog.list();
      const why = reason === undefined ? "import" : `import: ${reason}`;
      const plans = planBacklogImport({ format, text, reason: why }, known, deps.now());
      checkRoom(known.length, plans);
      const changes = plans.map(({ view }) => view).filter(({ action }) => action !== "unchanged");
      const counted = (action: string) => plans.filter(({ view }) => view.action === action).length;
      const answer = { created: counted("create"), changed: counted("change"), unchanged: counted("unchanged"), changes };
      if (query.dry_run === "true") return ok({ dry_run: true, ...answer });
      await store(plans, deps);
      return ok(answer);
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/backlog/:item",
    summary: "Changes an item of the backlog; what is left out stays as it was.",
    role: "admin",
    params: backlogParams,
    query: dryRunQuery,
    body: backlogBody,
    answers: { 200: { description: "The item as stored", schema: backlogSetAnswer } },
    handle: async ({ params, query, body }, deps) => {
      const { reason = "", ...wish } = body;
      const before = (await deps.store.backlog.list()).find(({ id }) => id === params.item);
      if (!before) throw new Problem("not_found", { item: params.item }, { message: `There is no item ${params.item} in the backlog.` });
      return await carriedOut(planBacklogItem(wish, before, deps.now(), reason), query.dry_run === "true", deps);
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/recommendations",
    summary: "What every lever would save of the calls of a scope and period, 30 days unless set; what saves most first.",
    role: "viewer",
    query: recommendationsQuery,
    answers: { 200: { description: "One entry per lever", schema: recommendationsAnswer } },
    handle: async ({ query }, deps) => {
      const period = readPeriod(query, deps.now(), "30d");
      const selector = readSelector(query.scope ?? "*");
      const evidence = new EvidenceOfPeriod(period, deps);
      const open = (await deps.store.backlog.list()).filter(({ status }) => status !== "done" && status !== "rejected");
      const recommendations: Recommendation[] = [];
      for (const { name, title, meaning, suggest, example } of SAVING_LEVERS) {
        const target = suggest(await evidence.of(selector)) ?? null;
        const expectation = await evidence.expectationOf({ lever: name, target: target ?? example, scope: selector });
        const noModel = { ...expectation, ...NO_TARGET, baseline: null, calls: expectation.calls };
        const in_backlog = open.filter(({ lever }) => lever === name).map(({ id }) => id);
        recommendations.push({ lever: name, title, meaning, target, expectation: target === null ? noModel : expectation, in_backlog });
      }
      return ok({ ...textOf(period), recommendations: recommendations.sort(bySaving) });
    },
  }),
];

const NO_TARGET = {
  outcome: "unknown" as const,
  saving_usd_month: null,
  saving_percent: null,
  of_usd: null,
  reason: "these calls use one model or none, so there is no other to compare with: name one in an item of the backlog",
  caveats: [],
};

function bySaving({ expectation: one }: Recommendation, { expectation: other }: Recommendation): number {
  const [first, second] = [one, other].map(({ saving_usd_month: text }) => (text === null ? undefined : parseDecimal(text, 9)));
  if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
  return first < second ? 1 : first > second ? -1 : 0;
}

async function carriedOut(plan: BacklogPlan, isDry: boolean, deps: ApiDeps) {
  if (isDry) return ok({ dry_run: true, item: backlogView(plan.item), change: plan.view });
  const [stored] = await store([plan], deps);
  return ok({ item: backlogView(stored ?? plan.item), change: plan.view });
}

async function store(plans: readonly BacklogPlan[], deps: ApiDeps) {
  const changing = plans.filter(({ view }) => view.action !== "unchanged");
  return changing.length === 0 ? [] : await deps.store.backlog.put(changing);
}

function checkRoom(known: number, plans: readonly BacklogPlan[]): void {
  const created = plans.filter(({ view }) => view.action === "create").length;
  if (created === 0 || known + created <= MOST_BACKLOG_ITEMS) return;
  throw new Problem("invalid_request", {}, { message: `A backlog has at most ${MOST_BACKLOG_ITEMS} items; there are ${known}.` });
}

function textOf({ start, end }: { start: number; end: number }) {
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}
