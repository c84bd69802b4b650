import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../contract/problem.ts";
import { PROBLEMS, type ProblemCode } from "../contract/problem-list.ts";
import { type CallRecord, type CallResult, traceOf } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";

/** There is no money for the call, or none to spare: nothing is wrong with it. */
const BUDGET_REFUSALS: ReadonlySet<ProblemCode> = new Set(["budget_exhausted", "budget_cached_only", "cache_only_enforced", "paced"]);

/** Trying again helps, but not within the seconds that an SDK waits. */
const LATER: ReadonlySet<ProblemCode> = new Set([...BUDGET_REFUSALS, "call_deferred", "runaway_throttled"]);

/** Tells the caller no, in its dialect, and records the call that was not made. */
export async function refuseCall(
  gateway: Gateway,
  record: CallRecord,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): Promise<void> {
  const problem = error instanceof Problem ? error : new Problem("internal", {}, { cause: error });
  if (problem.code === "internal") gateway.log.error({ trace_id: record.traceId, err: error }, "a call failed inside Ballast");
  writeProblem(record, request, response, problem);
  if (!record.caller) return;
  const isBudget = BUDGET_REFUSALS.has(problem.code);
  const outcome = isBudget ? "refused" : "rejected";
  const nothing = { bookedNano: 0n, cost: undefined, usage: undefined, responseId: "", serviceTier: "", ttftMs: null };
  const result: CallResult = { ...nothing, outcome, basis: "none", status: problem.status, errorCode: problem.code };
  const latencyMs = gateway.steadyNow() - record.startedAt;
  // A name that nothing serves is the caller's invention: it stays in the trace and makes no series of its own.
  if (isBudget) record.model ||= record.requestedModel;
  gateway.observe(record, result, latencyMs);
  const trace = JSON.stringify(traceOf(record, result, latencyMs));
  const none = { accounts: [], heldNano: 0n, amountNano: 0n, inputTokens: 0, outputTokens: 0 };
  try {
    await gateway.desk.end({ ...none, kind: "none", holdId: record.traceId, at: record.at, tenant: record.caller.scope.tenant, trace });
  } catch (cause) {
    gateway.log.warn({ trace_id: record.traceId, error: (cause as Error).message }, "a refused call could not be recorded");
  }
}

function writeProblem(record: CallRecord, request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  if (response.destroyed) return;
  const details = { ...problem.details, trace_id: record.traceId };
  if (response.headersSent) {
    response.end(record.dialect.errorEvent(problem, details));
    return;
  }
  const body = record.dialect.errorBody(problem, details);
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-ballast-trace-id": record.traceId,
    // The official SDKs try again on 429 and 5xx unless told not to.
    "x-should-retry": String(PROBLEMS[problem.code].retry && !LATER.has(problem.code)),
  };
  if (record.levers.length > 0) headers["x-ballast-levers"] = record.levers.join(",");
  const retryAfter = problem.details.retry_after_s;
  if (typeof retryAfter === "number") headers["retry-after"] = retryAfter;
  if (problem.details.warning === true) headers["x-ai-budget-warning"] = "true";
  if (!request.complete) headers.connection = "close";
  response.writeHead(problem.status, headers);
  response.end(body);
  if (!request.complete) request.resume();
}
