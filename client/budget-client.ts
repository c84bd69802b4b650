import { askBallast, type BallastDoor } from "./ask-ballast.ts";
import { type BudgetCall, type CallUsage, reportOf, type TenantCall, type UsageReport, withTenant } from "./budget-call.ts";
import { BudgetCheck, type CheckResult } from "./budget-check.ts";
import type { BudgetExceededError } from "./budget-errors.ts";
import { newRequestId, random } from "./request-id.ts";
import type { CheckAnswer } from "./status-cache.ts";
import { type DroppedUsage, UsageQueue } from "./usage-queue.ts";

/** What an operator should hear of. No call was refused for it. */
export type BudgetWarning =
  /** Ballast sent `X-AI-Budget-Warning`. Told per answer of Ballast, so at most once a minute per tenant and model while nothing is tracked. */
  | { readonly kind: "above_warning_share"; readonly tenant: string; readonly model: string; readonly answer?: CheckAnswer }
  /** Ballast could not be asked, and the call was allowed. */
  | { readonly kind: "allowed_unasked"; readonly tenant: string; readonly model: string; readonly reason: string };

export interface BudgetClientOptions {
  /** Where Ballast is, such as `http://127.0.0.1:3010`. */
  readonly url: string;
  /** Of calls and usage that name none. */
  readonly tenant?: string | undefined;
  /** Ballast's admin token, where the budget service needs one (`api.open_reads`). A function is called for each request. */
  readonly token?: string | (() => string) | undefined;
  readonly fetch?: typeof fetch;
  /** UTC milliseconds. */
  readonly now?: () => number;
  /** What becomes of a call while Ballast cannot be asked. Default `allow`, which tells `onWarning`. */
  readonly onUnavailable?: "allow" | "deny";
  /** Default 500. */
  readonly checkTimeoutMs?: number;
  /** Default 10,000; a report without an answer until then is sent again. */
  readonly trackTimeoutMs?: number;
  /** How long an admission is known without asking. Default 60,000; 0 asks each time. */
  readonly cacheMs?: number;
  /** The same for a refusal, so that a raised budget is seen soon. Default 5,000, and never beyond the reset. */
  readonly refusalCacheMs?: number;
  /** Reports that may wait; the oldest makes room. Default 1,000. */
  readonly queueSize?: number;
  readonly onWarning?: (warning: BudgetWarning) => void;
  readonly onDropped?: (dropped: DroppedUsage) => void;
  /** Called on a refusal: the call to make instead, such as one of a smaller model, which is checked in turn; undefined to refuse. */
  readonly fallback?: (error: BudgetExceededError, call: TenantCall) => BudgetCall | undefined | Promise<BudgetCall | undefined>;
}

export interface BudgetClient {
  /**
   * Whether the budgets would carry the call. It is advice: nothing is held between check and call; the gateway holds.
   * @throws BudgetRequestError where Ballast does not accept the question; TypeError for a call without tenant
   */
  check(call: BudgetCall): Promise<CheckResult>;
  /** Reports usage in the background. @returns its request id @throws TypeError for usage without tenant */
  track(usage: CallUsage): string;
  /** Waits until all usage is delivered or dropped, 5 s at most unless said otherwise. @returns how many reports are left */
  flush(timeoutMs?: number): Promise<number>;
  /** Flushes, stops sending, and returns what is left, for `restore()` in a later process. */
  close(timeoutMs?: number): Promise<UsageReport[]>;
  /** What is not delivered for certain; Ballast counts it once, however often it is sent. */
  pending(): UsageReport[];
  restore(reports: readonly UsageReport[]): void;
  counts(): { readonly pending: number; readonly delivered: number; readonly dropped: number };
}

export function createBudgetClient(options: BudgetClientOptions): BudgetClient {
  const { tenant, token, now = Date.now, trackTimeoutMs = 10_000, queueSize = 1000, onWarning, onDropped } = options;
  // Called as a plain function: edge runtimes refuse fetch as a method.
  const send = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));
  const door: BallastDoor = { url: options.url.replace(/\/+$/, ""), token, fetch: send };
  const warn = (warning: BudgetWarning) => tell(onWarning, warning);
  const desk = new BudgetCheck(door, now, options, warn);
  const queue = new UsageQueue({
    send: (report) => askBallast(door, "/api/ai-budget/track", report, "tracked", trackTimeoutMs),
    most: queueSize,
    random,
    onDelivered(report, isWarning) {
      desk.forget(report.tenant_id);
      if (isWarning) warn({ kind: "above_warning_share", tenant: report.tenant_id, model: report.model });
    },
    onDropped: (dropped) => tell(onDropped, dropped),
  });
  return {
    check: (call) => desk.check(call),
    track(usage) {
      const report = reportOf(withTenant(usage, tenant), newRequestId(), now());
      queue.add(report);
      return report.request_id;
    },
    flush: (timeoutMs = 5000) => queue.flush(timeoutMs),
    async close(timeoutMs = 5000) {
      await queue.flush(timeoutMs);
      queue.close();
      return queue.pending();
    },
    pending: () => queue.pending(),
    restore(reports) {
      for (const report of reports) queue.add(report);
    },
    counts: () => queue.counts,
  };
}

/** A hook that throws is the application's error: it surfaces as an uncaught one, and the client goes on. */
function tell<Told>(hook: ((told: Told) => void) | undefined, told: Told): void {
  try {
    hook?.(told);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
