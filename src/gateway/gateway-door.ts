import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Problem } from "../contract/problem.ts";
import type { ProblemCode } from "../contract/problem-list.ts";
import type { VirtualKey } from "../ports/ledger-store.ts";
import { allowsModel, identifyCaller } from "./authenticate-call.ts";
import { anthropicMessagesDialect } from "./dialects/anthropic-messages-dialect.ts";
import { DIALECTS } from "./dialects/dialect-list.ts";
import { openaiErrorBody } from "./dialects/openai-errors.ts";
import { type Gateway, handleCall } from "./handle-call.ts";
import { whyUnserved } from "./unserved-paths.ts";

const BY_PATH = new Map(DIALECTS.map((dialect) => [dialect.path, dialect]));

/** Paths that providers have, so that a caller may expect them here; everything else belongs to the API. */
export function isGatewayPath(url: string): boolean {
  return url.startsWith("/v1/") && !url.startsWith("/v1/traces");
}

/** The gateway's side of the server: straight on node:http, since every call of every caller passes here. */
export function gatewayDoor(gateway: Gateway): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const url = request.url ?? "/";
    const question = url.indexOf("?");
    const path = question < 0 ? url : url.slice(0, question);
    const dialect = BY_PATH.get(path);
    if (dialect) {
      if (request.method === "POST") {
        handleCall(gateway, dialect, request, response).catch((error: unknown) => {
          gateway.log.error({ err: error }, "a call was lost inside Ballast");
          response.destroy();
        });
        return;
      }
      refuse(request, response, new Problem("method_not_allowed", { allow: "POST" }), { allow: "POST" });
    } else if (path === "/v1/models" && request.method === "GET") {
      answerModels(gateway, request, response).catch((error: unknown) => {
        refuse(request, response, error instanceof Problem ? error : new Problem("internal", {}, { cause: error }), {});
      });
    } else {
      const why = whyUnserved(path);
      refuse(request, response, new Problem("route_not_found", { path }, why === undefined ? {} : { message: why }), {});
    }
  };
}

async function answerModels(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { key } = await identifyCaller(request.headers, gateway.keys, gateway.now());
  listModels(gateway, key, request, response);
}

/** What the key may call. Both the OpenAI and the Anthropic SDK read `data[].id`. */
function listModels(gateway: Gateway, key: VirtualKey, request: IncomingMessage, response: ServerResponse): void {
  const allowed = gateway.settings.routes.models().filter(({ id }) => allowsModel(key, id));
  const data = allowed.map(({ id, provider }) => ({
    id,
    object: "model",
    type: "model",
    display_name: id,
    created: 0,
    created_at: "1970-01-01T00:00:00Z",
    owned_by: provider,
  }));
  const body = JSON.stringify({ object: "list", data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null });
  request.resume();
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem, headers: Record<string, string>): void {
  const body = errorBodyAt(request.url ?? "/", problem);
  const length = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "x-should-retry": "false" };
  response.writeHead(problem.status, { ...headers, ...length, ...(request.complete ? {} : { connection: "close" }) });
  response.end(body);
  request.resume();
}

/** In the language of the SDK that calls such an address: Anthropic's under its own, OpenAI's everywhere else. */
function errorBodyAt(url: string, problem: Problem): string {
  const errorBody = /^\/v1\/messages(?![^/?])/.test(url) ? anthropicMessagesDialect.errorBody : openaiErrorBody;
  return errorBody(problem, problem.details);
}

const CONNECTION_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "body_too_slow",
};

/** What cannot be read as a request gets an answer too: header bombs, slow bodies, and bytes that are no HTTP. */
export function answerBrokenConnections(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || socket.destroyed || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const problem = new Problem(CONNECTION_PROBLEMS[error.code ?? ""] ?? "not_http");
    const body = openaiErrorBody(problem, {});
    const reason = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" }[problem.status] ?? "Error";
    socket.end(
      `HTTP/1.1 ${problem.status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}
