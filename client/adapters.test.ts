import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express, { type Response as ExpressResponse, type NextFunction, type Request } from "express";
import { type FastifyRequest, fastify } from "fastify";
import { type Context, Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BudgetCall } from "./budget-call.ts";
import { type BudgetClient, createBudgetClient } from "./budget-client.ts";
import type { BudgetRefusal } from "./budget-errors.ts";
import type { CallBudget } from "./call-budget.ts";
import { RestartedBallast } from "./client-test-kit.ts";
import { expressBudget } from "./express-budget.ts";
import { fastifyBudget } from "./fastify-budget.ts";
import { honoBudget } from "./hono-budget.ts";

declare module "fastify" {
  interface FastifyRequest {
    budget: CallBudget;
  }
}

/*
 * One application in each framework, with the same routes: /reports asks and reports, /template has a fallback, /fixed makes the same call
 * for everybody, /open calls no model.
 */
interface Application {
  readonly url: string;
  close(): unknown;
}

const MODEL = "gpt-4o-mini";
const FIXED = { tenant: "fixed", model: MODEL, promptTokens: 10, completionTokens: 10 };
const USED = { promptTokens: 1000, completionTokens: 1000 };

function callOf(tenant: string | undefined): BudgetCall | undefined {
  return tenant === undefined ? undefined : { tenant, model: tenant === "lost" ? "no-such-model" : MODEL, feature: "reports", ...USED };
}

async function fastifyApplication(client: BudgetClient): Promise<Application> {
  const app = fastify();
  const call = (request: FastifyRequest) => callOf(request.headers["x-tenant"] as string | undefined);
  const preHandler = fastifyBudget({ client, call });
  app.post("/reports", { preHandler }, async (request) => ({ id: request.budget.track(USED), model: request.budget.call.model }));
  app.post("/template", { preHandler: fastifyBudget({ client, call, fallback: () => ({ template: true }) }) }, async () => "no");
  // For every route of a scope.
  app.register(async (scope) => {
    scope.addHook("preHandler", fastifyBudget({ client, call: FIXED }));
    scope.post("/fixed", async (request) => ({ model: request.budget.call.model }));
  });
  app.post("/open", { preHandler }, async (request) => ({ guarded: request.budget !== undefined }));
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, close: () => app.close() };
}

async function expressApplication(client: BudgetClient): Promise<Application> {
  const app = express();
  const call = (request: Request) => callOf(request.get("x-tenant"));
  const guard = expressBudget({ client, call });
  app.post("/reports", guard, (request, response) => {
    response.json({ id: request.budget.track(USED), model: request.budget.call.model });
  });
  const fallback = (_: unknown, __: Request, response: ExpressResponse) => response.json({ template: true });
  app.post("/template", expressBudget({ client, call, fallback }), (_, response) => void response.send("no"));
  app.post(
    "/fixed",
    expressBudget({ client, call: FIXED }),
    (request, response) => void response.json({ model: request.budget.call.model }),
  );
  app.post("/open", guard, (request, response) => void response.json({ guarded: request.budget !== undefined }));
  app.use((error: Error, _: Request, response: ExpressResponse, next: NextFunction) => {
    if (response.headersSent) next(error);
    else response.status(500).json({ said: error.message });
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

async function honoApplication(client: BudgetClient): Promise<Application> {
  const app = new Hono<{ Variables: { budget: CallBudget } }>();
  const call = (context: Context) => callOf(context.req.header("x-tenant"));
  const guard = honoBudget({ client, call });
  app.onError((error, context) => context.json({ said: error.message }, 500));
  // A response that the handler makes without the context: the header must reach it too.
  app.post("/reports", guard, (context) => Response.json({ id: context.var.budget.track(USED), model: context.var.budget.call.model }));
  app.post("/template", honoBudget({ client, call, fallback: (_, context: Context) => context.json({ template: true }) }), (context) =>
    context.text("no"),
  );
  app.post("/fixed", honoBudget({ client, call: FIXED }), (context) => context.json({ model: context.var.budget.call.model }));
  app.post("/open", guard, (context) => context.json({ guarded: context.get("budget") !== undefined }));
  const server = await new Promise<Server>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(listening as Server));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

const APPLICATIONS = { fastifyBudget: fastifyApplication, expressBudget: expressApplication, honoBudget: honoApplication };

describe.each(Object.entries(APPLICATIONS))("%s", (_, start) => {
  const ballast = new RestartedBallast();
  let client: BudgetClient;
  let application: Application;
  beforeAll(async () => {
    await ballast.start();
    client = createBudgetClient({ url: ballast.url, onUnavailable: "deny", checkTimeoutMs: 10_000 });
    application = await start(client);
  });
  afterAll(async () => {
    await application.close();
    await client.close(0);
    await ballast.remove();
  });
  const ask = (path: string, tenant?: string) =>
    fetch(application.url + path, { method: "POST", headers: tenant === undefined ? {} : { "x-tenant": tenant } });

  it("lets a call through that the budgets carry, and reports its usage under the call's scope", async () => {
    await ballast.setBudget("acme", 1);
    const answer = await ask("/reports", "acme");
    expect(answer.status).toBe(200);
    expect(answer.headers.has("x-ai-budget-warning")).toBe(false);
    expect(await answer.json()).toMatchObject({ model: MODEL });
    await client.flush();
    expect(await ballast.usage("acme")).toEqual({ usd: 0.00075, inputTokens: 1000, outputTokens: 1000 });
  });

  it("marks answers above the warning share", async () => {
    await ballast.setBudget("warm", 1);
    client.track({ tenant: "warm", model: MODEL, ...USED, costUsd: 0.81 });
    await client.flush();
    const answer = await ask("/reports", "warm");
    expect([answer.status, answer.headers.get("x-ai-budget-warning")]).toEqual([200, "true"]);
  });

  it("answers a refused call with the guide's 429, and runs no handler", async () => {
    await ballast.setBudget("poor", 0.0001);
    const answer = await ask("/reports", "poor");
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    const body = (await answer.json()) as BudgetRefusal;
    expect(body).toMatchObject({ statusCode: 429, error: "Too Many Requests", message: "AI Budget Exceeded", limit_usd: 0.0001 });
    expect(client.counts().pending).toBe(0);
  });

  it("answers with the fallback where there is one", async () => {
    const answer = await ask("/template", "poor");
    expect([answer.status, await answer.json()]).toEqual([200, { template: true }]);
  });

  it("takes one call for every request", async () => {
    expect(await (await ask("/fixed")).json()).toEqual({ model: MODEL });
  });

  it("lets through what calls no model", async () => {
    expect(await (await ask("/open")).json()).toEqual({ guarded: false });
  });

  it("hands a question that Ballast does not accept to the framework's error handling, without its status", async () => {
    expect((await ask("/reports", "lost")).status).toBe(500);
  });

  it("answers 503 while Ballast is away and calls are denied then", async () => {
    await ballast.stop();
    const answer = await ask("/reports", "nobody-knows");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.json()).toMatchObject({ statusCode: 503, code: "budget_unavailable" });
  });
});
