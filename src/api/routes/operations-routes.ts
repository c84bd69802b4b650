import { Type } from "typebox";
import { healthAnswer, readyAnswer } from "../../contract/operations-contract.ts";
import { randomNonce } from "../../std/random-id.ts";
import type { ApiDeps } from "../api-deps.ts";
import { type Answer, ok, type Route, route } from "../api-route.ts";
import { openapiDocument } from "../openapi-document.ts";
import { scrapeFacts } from "../scrape-facts.ts";
import { renderLockedPage, renderStartPage, type StartPageFacts } from "../start-page.ts";

const API_VERSION = "1.0.0";
const PAGE_TYPE = "text/html; charset=utf-8";
/** Budgets whose state the page counts; it lists fewer. */
const MOST_LOOKED_AT = 1000;
const WEEK_MS = 7 * 86_400_000;

export const operationsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/",
    summary: "The start page: spend against budgets, calls per minute, the last calls.",
    role: "viewer",
    answers: { 200: { description: "A page", contentType: "text/html" } },
    handle: async ({ host }, deps) => startPage(host, deps),
  }),
  route({
    method: "GET",
    path: "/healthz",
    summary: "Whether the process lives.",
    role: "open",
    answers: { 200: { description: "It does", schema: healthAnswer } },
    handle: async () => ok({ status: "ok" }),
  }),
  route({
    method: "GET",
    path: "/readyz",
    summary: "Whether the server can do its work now.",
    role: "open",
    answers: {
      200: { description: "Every check is well", schema: readyAnswer },
      503: { description: "A check failed", schema: readyAnswer },
    },
    handle: async (_, deps) => {
      const checks = await deps.readiness();
      const ready = checks.every((check) => check.ok);
      return { status: ready ? 200 : 503, body: { status: ready ? "ready" : "not_ready", checks } };
    },
  }),
  route({
    method: "GET",
    path: "/metrics",
    summary: "Metrics as Prometheus text.",
    role: "viewer",
    answers: { 200: { description: "The exposition", contentType: "text/plain" } },
    handle: async (_, deps) => ({
      status: 200,
      body: await deps.metrics.expose(await scrapeFacts(deps)),
      contentType: deps.metrics.contentType,
    }),
  }),
];

/** Describes a list of which it is itself a part, hence the function. */
export function openapiRoute(routes: () => readonly Route[]): Route {
  return route({
    method: "GET",
    path: "/openapi.json",
    summary: "This API as OpenAPI 3.1.",
    role: "open",
    answers: { 200: { description: "The description", schema: Type.Object({ openapi: Type.Literal("3.1.0") }) } },
    handle: async () => ok(openapiDocument(routes(), API_VERSION)),
  });
}

async function startPage(host: string, deps: ApiDeps): Promise<Answer> {
  const at = deps.now();
  const [{ shown, omitted }, outbox, recent] = await Promise.all([
    deps.nearest.standings(MOST_LOOKED_AT, at),
    deps.store.outboxDepth(),
    lastCalls(at, deps),
  ]);
  const facts = {
    at,
    base: `http://${host || "127.0.0.1"}`,
    openReads: deps.openReads,
    standings: shown,
    omitted,
    minutes: deps.metrics.callsPerMinute(),
    startedAt: deps.metrics.startedAt,
    outbox,
    ...recent,
  };
  const nonce = randomNonce();
  return { status: 200, body: renderStartPage(facts, nonce), contentType: PAGE_TYPE, headers: pageHeaders(nonce) };
}

/** The answer to a reader without a token; a browser then asks for one. */
export function lockedPage(): Answer {
  const nonce = randomNonce();
  const headers = { ...pageHeaders(nonce), "www-authenticate": 'Basic realm="Ballast", charset="UTF-8"' };
  return { status: 401, body: renderLockedPage(nonce), contentType: PAGE_TYPE, headers };
}

/** The page needs its own style and nothing else. */
function pageHeaders(nonce: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { "content-security-policy": policy.join("; "), "referrer-policy": "no-referrer" };
}

async function lastCalls(at: number, { warehouse, wantsWarehouse, log }: ApiDeps): Promise<Pick<StartPageFacts, "traces" | "warehouse">> {
  if (!warehouse) return { traces: [], warehouse: wantsWarehouse ? "missing" : "none" };
  try {
    const question = { from: new Date(at - WEEK_MS), to: new Date(at + 1), filter: {}, limit: 20 };
    return { traces: await warehouse.traces(question), warehouse: "up" };
  } catch (error) {
    // The page is there to say so; the budgets on it do not depend on the warehouse.
    log.warn({ err: error }, "the start page could not ask the warehouse");
    return { traces: [], warehouse: "unavailable" };
  }
}
