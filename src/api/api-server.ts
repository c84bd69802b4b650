import { Readable } from "node:stream";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerFactory, fastify } from "fastify";
import { Problem } from "../contract/problem.ts";
import { PROBLEMS } from "../contract/problem-list.ts";
import { KeptBaselines } from "../reports/kept-baselines.ts";
import { type ApiCaller, identifyApiCaller, requireTicket } from "./api-caller.ts";
import type { ApiDeps, ApiParts } from "./api-deps.ts";
import { authorise } from "./api-roles.ts";
import type { Answer, Route } from "./api-route.ts";
import { FlagStreams } from "./flag-streams.ts";
import { readJsonBody } from "./json-body.ts";
import { NearestBudgets } from "./nearest-budgets.ts";
import { PROBLEM_TYPE, problemBody, problemOf } from "./problem-answer.ts";
import { ROUTES } from "./route-list.ts";
import { lockedPage } from "./routes/operations-routes.ts";

const MOST_BODY_BYTES = 1024 * 1024;

declare module "fastify" {
  interface FastifyContextConfig {
    route?: Route;
  }
  interface FastifyRequest {
    caller: ApiCaller;
  }
}

/** Ballast's own API over the explicit route list. The gateway's endpoints are not here. */
export function buildApi(parts: ApiParts, options: { serverFactory?: FastifyServerFactory } = {}): FastifyInstance {
  const flagStreams = new FlagStreams(parts.levers);
  const deps: ApiDeps = { ...parts, nearest: new NearestBudgets(parts), baselines: new KeptBaselines(parts.unitCosts), flagStreams };
  const app = fastify({
    ...(options.serverFactory ? { serverFactory: options.serverFactory } : {}),
    logger: false,
    genReqId: () => deps.newTraceId(),
    bodyLimit: MOST_BODY_BYTES,
    routerOptions: { maxParamLength: 3000 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
    frameworkErrors: (error, request, reply) => answerProblem(problemOf(error, undefined), request, reply, deps),
  });
  app.decorateRequest("caller");
  app.addHook("onClose", async () => flagStreams.close());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_: FastifyRequest, bytes: Buffer) => readJsonBody(bytes));
  // CloudEvents in their JSON format: one is a batch of one.
  const cloudEvents = [
    ["application/cloudevents+json", (body: unknown) => ({ events: [body] })],
    ["application/cloudevents-batch+json", (body: unknown) => ({ events: body })],
  ] as const;
  for (const [type, wrap] of cloudEvents) {
    app.addContentTypeParser(type, { parseAs: "buffer" }, async (_: FastifyRequest, bytes: Buffer) => wrap(readJsonBody(bytes)));
  }
  app.addContentTypeParser(PROTOBUF, { parseAs: "buffer" }, async (request: FastifyRequest, bytes: Buffer) => {
    const form = request.routeOptions.config.route?.protobuf;
    if (!form) throw new Problem("unsupported_media_type");
    return form.read(bytes);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-ballast-trace-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    reply.header("cache-control", "no-store");
    refuseEncodings(request);
  });
  app.setErrorHandler((error, request, reply) => {
    return answerProblem(problemOf(error, request.routeOptions.config.route), request, reply, deps);
  });
  app.setNotFoundHandler((request, reply) => answerProblem(unknownAddress(request, reply), request, reply, deps));
  for (const route of ROUTES) mount(app, route, deps);
  return app;
}

const PROTOBUF = "application/x-protobuf";

function isProtobuf({ headers }: FastifyRequest): boolean {
  return (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase() === PROTOBUF;
}

function mount(app: FastifyInstance, route: Route, deps: ApiDeps): void {
  const isPage = route.path === "/";
  app.route({
    method: route.method,
    url: route.path,
    config: { route },
    ...(route.endless ? { exposeHeadRoute: false } : {}),
    bodyLimit: route.mostBodyBytes ?? MOST_BODY_BYTES,
    schema: {
      ...(route.params ? { params: route.params } : {}),
      // A route that lists no query parameters takes none.
      querystring: route.query ?? { type: "object", properties: {}, additionalProperties: false },
      ...(route.body ? { body: route.body } : {}),
    },
    // Before the body is read: a stranger is sent away without reading what they brought.
    onRequest: async (request, reply) => {
      try {
        authorise(route.role, request.headers.authorization, deps);
        if (route.role === "ticket") requireTicket((request.query as { ticket?: string }).ticket, deps);
        request.caller = await callerOf(request, route, deps);
      } catch (error) {
        if (!isPage) throw error;
        return send(lockedPage(), reply);
      }
      return undefined;
    },
    preValidation: async (request) => {
      if (!route.body || request.body !== undefined) return;
      if (!route.bodyOptional) throw new Problem("invalid_json", { position: 0, line: 1, column: 1 }, { message: "The body is empty." });
      request.body = {};
    },
    handler: async (request, reply) => {
      // The schemas above have checked what `route` ties to the handler's types.
      const { params, query, body } = request as unknown as { params: never; query: never; body: never };
      const { id: traceId, caller } = request;
      const ifNoneMatch = request.headers["if-none-match"] ?? "";
      const told = { traceId, caller, host: shownHost(request), isFresh: wantsFresh(request), ifNoneMatch };
      const answer = await route.handle({ params, query, body, ...told }, deps);
      if (!route.protobuf || !isProtobuf(request)) return send(answer, reply);
      return reply
        .status(answer.status)
        .type(PROTOBUF)
        .send(route.protobuf.write(answer.body as object));
    },
  });
}

async function callerOf({ headers }: FastifyRequest, { role }: Route, deps: ApiDeps): Promise<ApiCaller> {
  return role === "caller" || role === "sender" ? await identifyApiCaller(headers, deps, role === "caller") : { kind: "anyone" };
}

function send({ status, body, contentType = "application/json; charset=utf-8", headers = {} }: Answer, reply: FastifyReply): FastifyReply {
  return reply
    .status(status)
    .headers(body === "" ? headers : { "content-type": contentType, ...headers })
    .send(typeof body === "string" || body instanceof Readable ? body : JSON.stringify(body));
}

function answerProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply, deps: ApiDeps): FastifyReply {
  const { method } = request;
  const address = request.routeOptions?.url ?? request.url.split("?")[0];
  // The cause may hold anything; it goes to the log, which redacts, and never into the answer.
  if (problem.status >= 500) deps.log.error({ trace_id: request.id, method, address, code: problem.code, err: problem }, problem.message);
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="Ballast"');
  if (problem.status === 503 && PROBLEMS[problem.code].retry) reply.header("retry-after", "1");
  const told = request.routeOptions?.config?.route?.tellProblem?.(problem, (request.params ?? {}) as Record<string, unknown>);
  if (told) return send({ status: problem.status, body: told }, reply);
  return send({ status: problem.status, body: problemBody(problem, request.id), contentType: PROBLEM_TYPE }, reply);
}

function refuseEncodings({ headers }: FastifyRequest): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new Problem(
      "unsupported_media_type",
      {},
      { message: `The body is encoded as ${encoding}; bodies are read without encoding only.` },
    );
  }
  const charset = /;\s*charset="?([^";\s]+)/i.exec(headers["content-type"] ?? "")?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new Problem("unsupported_media_type", {}, { message: `The body is in ${charset}; it is read in UTF-8 only.` });
  }
}

/** 405 with the methods that the address does answer to, or 404. */
function unknownAddress(request: FastifyRequest, reply: FastifyReply): Problem {
  const path = request.url.split("?")[0]!;
  const methods = ROUTES.filter((route) => patternOf(route).test(path)).map(({ method, endless }) =>
    method === "GET" && !endless ? "GET, HEAD" : method,
  );
  if (methods.length === 0) return new Problem("route_not_found", { path });
  reply.header("allow", methods.join(", "));
  return new Problem("method_not_allowed", { path, allow: methods.join(", ") });
}

function patternOf({ path }: Route): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);
}

function wantsFresh({ headers }: FastifyRequest): boolean {
  return /\bno-(cache|store)\b/i.test(`${headers["cache-control"] ?? ""},${headers.pragma ?? ""}`);
}

/** Host headers come from outside; only what can be part of an address is shown. */
function shownHost({ headers }: FastifyRequest): string {
  const host = headers.host ?? "";
  return /^[a-zA-Z0-9.:[\]-]{1,255}$/.test(host) ? host : "";
}
