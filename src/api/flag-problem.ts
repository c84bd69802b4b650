import type { FlagError } from "../contract/flags-contract.ts";
import type { Problem } from "../contract/problem.ts";

/** A problem in the words of OFREP. Those it has no words for, such as a missing key, stay problems: its clients look at the status alone. */
export function flagProblem(problem: Problem, { key }: Readonly<Record<string, unknown>>): object | undefined {
  const named = typeof key === "string" ? { key } : {};
  if (problem.status === 500) return { errorDetails: problem.message };
  if (problem.status !== 400) return undefined;
  const errorCode: FlagError = problem.code === "invalid_json" ? "PARSE_ERROR" : "INVALID_CONTEXT";
  return { ...named, errorCode, errorDetails: problem.message };
}
