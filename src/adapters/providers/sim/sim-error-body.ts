import type { SimRefusal } from "./sim-refusal.ts";
import { asciiJson } from "./sim-text.ts";

export function openAiErrorJson(refusal: SimRefusal): string {
  return asciiJson({ error: { message: refusal.message, type: openAiErrorType(refusal), param: refusal.param, code: refusal.code } });
}

export function anthropicErrorJson(refusal: SimRefusal, requestId: string): string {
  return asciiJson({ type: "error", error: { type: anthropicErrorType(refusal.status), message: refusal.message }, request_id: requestId });
}

/** @see https://platform.openai.com/docs/guides/error-codes (read 2026-11) */
function openAiErrorType(refusal: SimRefusal): string {
  if (refusal.status === 429) return refusal.code === "insufficient_quota" ? "insufficient_quota" : "requests";
  return refusal.status >= 500 ? "server_error" : "invalid_request_error";
}

/** @see https://docs.claude.com/en/api/errors (read 2026-11) */
function anthropicErrorType(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}
