import type { Problem } from "../../contract/problem.ts";
import { type Dialect, member, textBytes } from "./dialect.ts";
import { messagesTemplate } from "./template-answer.ts";

/** https://docs.anthropic.com/en/api/errors */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

function errorBody(problem: Problem, details: Readonly<Record<string, unknown>>): string {
  const type = ERROR_TYPES[problem.status] ?? (problem.status >= 500 ? "api_error" : "invalid_request_error");
  return JSON.stringify({
    type: "error",
    error: { type, message: `${problem.message} ${problem.remedy}`, code: problem.code, ballast: details },
  });
}

export const anthropicMessagesDialect: Dialect = {
  path: "/v1/messages",
  provider: "anthropic",
  usage: "anthropic-messages",
  operation: "messages",
  limitOutput: (tokens) => [{ key: "max_tokens", value: String(tokens) }],
  askForUsage: () => undefined,
  isLast: (_data, payload) => member(payload, "type") === "message_stop",
  isUsageOnly: () => false,
  producedBytes: (payload) => textBytes(member(payload, "delta")) + textBytes(member(payload, "content_block")),
  isFailure: (payload) => member(payload, "type") === "error",
  templateAnswer: messagesTemplate,
  errorBody,
  errorEvent: (problem, details) => `event: error\ndata: ${errorBody(problem, details)}\n\n`,
};
