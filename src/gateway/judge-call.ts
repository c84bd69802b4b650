import { MOST_COST_NANO } from "../contract/most-amounts.ts";
import type { ProblemCode } from "../contract/problem-list.ts";
import type { CallOutcome, CostBasis } from "../contract/request-trace.ts";
import { bookedNano, formatUsd, type Nano } from "../core/money/usd.ts";
import { priceAnswer, type UnpricedAnswer } from "../core/pricing/price-answer.ts";
import type { PricedCall } from "../core/pricing/price-call.ts";
import type { MeasuredUsage, UsageReading } from "../core/usage/extract-usage.ts";
import { NO_USAGE, type Usage } from "../core/usage/usage.ts";
import type { AlsoTold } from "../core/usage/usage-details.ts";
import type { AttemptResult } from "./failover.ts";
import type { BodySummary } from "./inspect-body.ts";
import type { BoundTarget } from "./plan-call.ts";
import { ceilingAt } from "./price-lookup.ts";
import type { RelayReport } from "./relay-answer.ts";

/** What a call's end means for its hold. The table is docs/concepts/call-endings.md; each cell is a test. */
export interface Verdict {
  readonly ending: "settle" | "release" | "doubt";
  readonly outcome: CallOutcome;
  readonly basis: CostBasis;
  /** What is booked; null when nothing can be, because the cost is not known. */
  readonly amountNano: Nano | null;
  readonly usage: Usage | undefined;
  readonly cost: PricedCall | undefined;
  /** Why nothing can be booked, although the answer says what it used. */
  readonly unpriced?: UnpricedAnswer | undefined;
  /** What the answer says beside its usage. */
  readonly told?: AlsoTold | undefined;
  /** Whether the provider's word is what is booked, and not the list price. */
  readonly byProvider?: boolean;
  /** What the caller is told instead of an answer. */
  readonly problem: ProblemCode | undefined;
}

export interface CallEnd {
  readonly result: AttemptResult;
  readonly target: BoundTarget;
  readonly summary: BodySummary;
  readonly callerLeft: boolean;
  readonly ignoredUsageKeys: ReadonlySet<string>;
}

export function judgeCall(end: CallEnd): Verdict {
  const { result } = end;
  switch (result.kind) {
    case "refused":
      return free("provider_error", undefined);
    case "unreached":
      return free("provider_error", "provider_unavailable");
    case "unknown": {
      const timeout = result.failure.kind === "timeout";
      if (result.failure.kind === "cut") return doubt("client_gone_waiting", undefined);
      return doubt(timeout ? "timeout" : "provider_error", timeout ? "provider_timeout" : "provider_unavailable");
    }
    case "answered":
      return judgeAnswer(end, result.report);
    default:
      return result satisfies never;
  }
}

/** The caller was gone before anything was sent. */
export function neverSent(): Verdict {
  return free("client_gone_waiting", undefined);
}

function judgeAnswer(end: CallEnd, report: RelayReport): Verdict {
  const { callerLeft } = end;
  switch (report.end) {
    case "complete": {
      const left = report.streamed ? "client_gone_streaming" : "client_gone_waiting";
      // Accepted and not yet done: it is billed later, and nobody will tell us.
      if (report.head.status === 202 || isNotFinal(report.reading)) return doubt(callerLeft ? left : "no_usage", undefined);
      if (report.reading.outcome === "missing") return estimate(end, report, callerLeft ? left : "no_usage", undefined);
      return measure(end, report.reading, callerLeft ? left : "complete");
    }
    case "provider_failure":
      if (report.reading.outcome === "measured") return measure(end, report.reading, "provider_error_streaming");
      return estimate(end, report, "provider_error_streaming", undefined);
    case "cut":
      return estimate(end, report, "client_gone_streaming", undefined);
    case "lost":
      return doubt(report.streamed ? "provider_error_streaming" : "provider_error", "stream_cut");
    case "timeout":
      return doubt("timeout", "provider_timeout");
    case "malformed":
      return doubt("malformed_answer", "provider_answer_malformed");
    case "too_large":
      return doubt("malformed_answer", "provider_answer_too_large");
    default:
      return report.end satisfies never;
  }
}

function isNotFinal(reading: UsageReading): boolean {
  return reading.outcome === "missing" && reading.reason === "not_final";
}

function measure({ target, summary, ignoredUsageKeys }: CallEnd, reading: MeasuredUsage, outcome: CallOutcome): Verdict {
  const { usage, unknownCounts, costAtto } = reading;
  const cost = priceAnswer(reading, {
    price: target.unlisted ? undefined : target.price,
    askedTier: target.serviceTier ?? summary.tiers.service,
    byProvider: target.provider.reportsCost !== undefined,
    ignoredKeys: ignoredUsageKeys,
  });
  const told = { unknownCounts, providerCostNano: costAtto === undefined ? undefined : bookedNano(costAtto) };
  // A cost that cannot be computed is not zero: the hold keeps counting until somebody says what it was.
  if (cost.outcome === "unpriced") return { ...doubt(outcome, undefined), basis: "unpriced", usage, unpriced: cost, told };
  const amountNano = bookedNano(cost.totalAtto);
  // No call costs so much: it is the answer that is wrong, and what it says must not use up everybody's budgets.
  if (amountNano > MOST_COST_NANO) {
    const unpriced = { outcome: "unpriced", reason: "implausible_cost", detail: `above ${formatUsd(MOST_COST_NANO)} USD` } as const;
    return { ...doubt(outcome, undefined), basis: "unpriced", usage, unpriced, told };
  }
  const settled = {
    ending: "settle",
    outcome,
    basis: "measured",
    amountNano,
    usage,
    told,
    problem: undefined,
  } as const;
  return cost.outcome === "reported" ? { ...settled, cost: undefined, byProvider: true } : { ...settled, cost };
}

/**
 * The bound of what was produced: the input as far as the provider had counted it, else its bound; and no more output tokens than
 * bytes of text that were seen.
 */
function estimate({ target, summary }: CallEnd, report: RelayReport, outcome: CallOutcome, problem: ProblemCode | undefined): Verdict {
  const { bound } = target;
  const counted = report.reading.outcome === "missing" ? report.reading.atLeast?.inputTokens : undefined;
  const inputTokens = Math.min(bound.inputTokens, counted || bound.inputTokens);
  const outputTokens = summary.hidesReasoning ? bound.outputTokens : Math.min(bound.outputTokens, report.producedBytes);
  const amountNano = ceilingAt(target, { ...bound, inputTokens, outputTokens }, summary.tiers);
  const usage = { ...NO_USAGE, inputTokens, outputTokens };
  return { ending: "settle", outcome, basis: "estimated", amountNano, usage, cost: undefined, problem };
}

function doubt(outcome: CallOutcome, problem: ProblemCode | undefined): Verdict {
  return { ending: "doubt", outcome, basis: "in_doubt", amountNano: null, usage: undefined, cost: undefined, problem };
}

function free(outcome: CallOutcome, problem: ProblemCode | undefined): Verdict {
  return { ending: "release", outcome, basis: "none", amountNano: 0n, usage: undefined, cost: undefined, problem };
}
