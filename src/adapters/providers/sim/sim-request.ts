import type { IncomingMessage } from "node:http";
import type { SimDialect } from "./sim-endpoints.ts";
import type { SimOptions } from "./sim-options.ts";
import { SimRefusal } from "./sim-refusal.ts";

/** More is refused with 413, as the real ones do; in bytes. */
const LARGEST_BODY = 64 * 1024 * 1024;

/** @param then gets undefined when the body is larger than a provider takes; never called when the caller leaves before its end */
export function readBody(request: IncomingMessage, then: (body: Buffer | undefined) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) more = undefined;
    else if (first === undefined) first = chunk;
    else if (more === undefined) more = [first, chunk];
    else more.push(chunk);
  });
  request.on("end", () => {
    if (bytes > LARGEST_BODY) then(undefined);
    else then(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
  });
}

/** @throws SimRefusal */
export function parseBody(body: Buffer | undefined): Readonly<Record<string, unknown>> {
  if (body === undefined) throw new SimRefusal(413, "Request exceeds the maximum size");
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new SimRefusal(400, "We could not parse the JSON body of your request.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SimRefusal(400, "The body is not a JSON object.");
  return value as Record<string, unknown>;
}

/** @throws SimRefusal 401 without a key that the options accept, 400 where Anthropic's version header is missing */
export function checkHeaders(request: IncomingMessage, dialect: SimDialect, requireKey: SimOptions["requireKey"]): void {
  if (requireKey !== undefined && requireKey !== false) checkKey(request, dialect, requireKey);
  if (dialect === "anthropic" && request.headers["anthropic-version"] === undefined) {
    throw new SimRefusal(400, "anthropic-version: header is required");
  }
}

function checkKey(request: IncomingMessage, dialect: SimDialect, requireKey: true | string): void {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const key = dialect === "anthropic" ? (request.headers["x-api-key"] ?? bearer) : bearer;
  if (key === undefined || key === "") {
    throw new SimRefusal(401, dialect === "anthropic" ? "x-api-key header is required" : "You didn't provide an API key.");
  }
  if (typeof requireKey === "string" && key !== requireKey) {
    throw new SimRefusal(401, dialect === "anthropic" ? "invalid x-api-key" : "Incorrect API key provided.", { code: "invalid_api_key" });
  }
}
