import type { IncomingMessage } from "node:http";
import type { ProviderTarget } from "../ports/provider.ts";
import type { AnswerHead } from "./send-attempt.ts";

/** Ours, the connection's, or a secret: never sent on. An answer is asked for uncompressed, since its usage has to be read. */
export const NOT_SENT: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "ocp-apim-subscription-key",
  "cookie",
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "accept-encoding",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "idempotency-key",
  "content-type",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/**
 * What a provider, or a proxy before one, takes from a header that may change who pays, at which price, or which model answers: OpenAI's
 * organisation and project, Google's paying project, priority of Vertex and Bedrock, routes and retries of Portkey, Helicone, Cloudflare's
 * gateway, LiteLLM and OpenRouter.
 */
export const NOT_SENT_BEGINNINGS: readonly string[] = [
  "openai-organization",
  "openai-project",
  "anthropic-workspace",
  "x-goog-user-project",
  "x-vertex-ai-",
  "x-amzn-",
  "x-amz-",
  "x-ms-",
  "x-portkey-",
  "helicone-",
  "cf-aig-",
  "x-litellm-",
  "x-openrouter-",
  "x-ballast-",
];

const NOT_RETURNED = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "set-cookie",
  "trailer",
  "upgrade",
  "content-encoding",
  "date",
  "alt-svc",
  "strict-transport-security",
]);

/** Whether a caller's header is sent on, as far as its name tells. */
export function reachesProvider(name: string): boolean {
  return !NOT_SENT.has(name) && !NOT_SENT_BEGINNINGS.some((beginning) => name.startsWith(beginning));
}

/** The caller's headers for the provider, as name and value in turn, with the provider's own added. */
export function requestHeaders(incoming: IncomingMessage, target: ProviderTarget): string[] {
  const headers: string[] = ["content-type", "application/json", "accept-encoding", "identity"];
  const raw = incoming.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (name in target.headers || !reachesProvider(name)) continue;
    headers.push(name, raw[at + 1]!);
  }
  for (const [name, value] of Object.entries(target.headers)) headers.push(name, value);
  return headers;
}

/** The provider's headers for the caller. */
export function answerHeaders(head: AnswerHead): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const name in head.headers) {
    const value = head.headers[name];
    if (value !== undefined && !NOT_RETURNED.has(name)) headers[name] = value;
  }
  return headers;
}
