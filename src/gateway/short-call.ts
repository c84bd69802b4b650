import type { ServerResponse } from "node:http";
import { Problem } from "../contract/problem.ts";
import { availableNano, type Budget } from "../core/ledger/budget.ts";
import { strictestOnShort } from "../core/ledger/on-short.ts";
import type { Nano } from "../core/money/usd.ts";
import type { Instant } from "../core/time/window.ts";
import type { AccountStatus, HoldResult, LeaseDesk } from "../data/store/lease-desk.ts";
import type { StoredAnswer } from "../ports/ledger-store.ts";
import { answerUnsent } from "./answer-unsent.ts";
import type { CallRecord } from "./call-record.ts";
import { member } from "./dialects/dialect.ts";
import type { Gateway } from "./handle-call.ts";
import { answerOwner, requestFingerprint } from "./idempotent-call.ts";
import type { BodySummary } from "./inspect-body.ts";

/** A call that no budget pays for, and that may still be answered without a provider. */
export interface ShortCall {
  readonly outcome: "short";
  readonly budget: Budget;
  /** What the caller is told when there is no answer. */
  readonly problem: Problem;
}

/** A budget that cannot carry the call, with its account. */
export interface ShortBudget {
  readonly onShort: Budget["onShort"];
  readonly budget: Budget;
  readonly account: AccountStatus;
}

/**
 * The budget that decides what becomes of a refused call: of all that cannot carry it, the strictest. The ledger names the first that
 * it found short; the others are only looked at when that one would ease the call.
 */
export async function decidingBudget(
  refused: HoldResult & { outcome: "refused" },
  amountNano: Nano,
  at: Instant,
  desk: Pick<LeaseDesk, "status">,
): Promise<ShortBudget> {
  const { budget, account, budgets } = refused;
  const first = { onShort: budget.onShort, budget, account };
  const others = new Map(budgets.filter(({ id, hard }) => hard && id !== budget.id).map((other) => [other.id, other]));
  if (budget.onShort === "deny" || others.size === 0) return first;
  const accounts = await desk.status([...others.keys()], at);
  const short = accounts.flatMap((found) => {
    const other = others.get(found.budgetId)!;
    // What lies idle elsewhere may carry it too; a call that is eased is held on this budget all the same, which then has the last word.
    const carries = availableNano(found) + found.idleNano + found.elsewhereNano >= amountNano;
    return carries ? [] : [{ onShort: other.onShort, budget: other, account: found }];
  });
  return strictestOnShort<ShortBudget>(first, short);
}

/** What tells a caller that a budget changed the call, and which. Ids may hold letters that no header can. */
export function easedHeaders({ onShort, id }: Pick<Budget, "onShort" | "id">): Record<string, string> {
  return { "x-ballast-on-short": onShort, "x-ballast-short-budget": encodeURI(id) };
}

/**
 * Answers from what was answered before, or with the budget's text.
 * @throws Problem budget_cached_only when there is no earlier answer; budget_exhausted where the dialect has no words for a text
 */
export async function answerShortCall(
  gateway: Gateway,
  record: CallRecord,
  summary: BodySummary,
  bytes: Buffer,
  response: ServerResponse,
  short: ShortCall,
): Promise<void> {
  const { budget, problem } = short;
  const warning: Record<string, string> = problem.details.warning === true ? { "x-ai-budget-warning": "true" } : {};
  const headers = { ...easedHeaders(budget), ...warning };
  if (budget.onShort === "template") {
    const answer = templateAnswer(record, summary, budget);
    if (answer === undefined) throw problem;
    return await answerUnsent(gateway, record, response, { answer, outcome: "template", cache: "template", headers });
  }
  const owner = answerOwner(record.caller!);
  const fingerprint = requestFingerprint(record.dialect, bytes);
  const answer = record.caller!.pii
    ? undefined
    : ((await gateway.answers.find(owner, fingerprint, record.at))?.answer ??
      (await gateway.store.answerOf({ keyId: owner, fingerprint, at: record.at })));
  if (answer === undefined) throw new Problem("budget_cached_only", problem.details);
  return await answerUnsent(gateway, record, response, { answer, outcome: "replayed", cache: "exact", headers });
}

function templateAnswer(record: CallRecord, summary: BodySummary, { template = "" }: Budget): StoredAnswer | undefined {
  const { stream } = summary;
  const wantsUsage = member(summary.streamOptions, "include_usage") === true;
  const { traceId, at, requestedModel: model } = record;
  const body = record.dialect.templateAnswer?.({ text: template, model, traceId, at, stream, wantsUsage });
  if (body === undefined) return undefined;
  return { status: 200, headers: { "content-type": stream ? "text/event-stream" : "application/json" }, body: Buffer.from(body) };
}
