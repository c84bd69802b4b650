import type { Problem } from "../../contract/problem.ts";

/** https://platform.openai.com/docs/guides/error-codes: the SDK reads `error.message`, `type`, `param` and `code`. */
export function openaiError(problem: Problem, details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const type = problem.status === 429 ? "insufficient_quota" : problem.status >= 500 ? "server_error" : "invalid_request_error";
  const param = typeof details.field === "string" ? details.field : null;
  return { error: { message: `${problem.message} ${problem.remedy}`, type, param, code: problem.code, ballast: details } };
}

export function openaiErrorBody(problem: Problem, details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(openaiError(problem, details));
}
