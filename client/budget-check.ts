import { askBallast, type BallastAnswer, type BallastDoor } from "./ask-ballast.ts";
import { type BudgetCall, budgetKeyOf, checkBodyOf, type TenantCall, withTenant } from "./budget-call.ts";
import type { BudgetClientOptions, BudgetWarning } from "./budget-client.ts";
import { BudgetExceededError, type BudgetRefusal, BudgetRequestError, BudgetUnavailableError } from "./budget-errors.ts";
import { type CheckAnswer, covers, type KnownStatus, StatusCache } from "./status-cache.ts";

export type CheckResult =
  | {
      readonly allowed: true;
      /** The call that may be made: the fallback's, where one stands in. */
      readonly call: TenantCall;
      /** A budget of the call is above its warning share. */
      readonly warning: boolean;
      /** `unavailable`: Ballast could not be asked, and the client allows calls then. */
      readonly source: "ballast" | "cache" | "unavailable";
      /** The numbers; undefined when unavailable. */
      readonly answer: CheckAnswer | undefined;
      /** The refusal of the call that was asked for, where a fallback stands in for it. */
      readonly insteadOf: BudgetExceededError | undefined;
    }
  | { readonly allowed: false; readonly call: TenantCall; readonly error: BudgetExceededError | BudgetUnavailableError };

/** One request to Ballast, and whether usage was booked since it was sent. */
interface Asked {
  readonly call: TenantCall;
  readonly result: Promise<CheckResult>;
  isStale: boolean;
}

/** A fallback may name a fallback; a circle of them ends here. */
const MOST_FALLBACKS = 5;
/** Near a limit one answer carries few of those that wait for it, and the others ask for themselves. */
const MOST_JOINS = 2;

export class BudgetCheck {
  readonly #door: BallastDoor;
  readonly #now: () => number;
  readonly #options: BudgetClientOptions;
  readonly #warn: (warning: BudgetWarning) => void;
  readonly #timeoutMs: number;
  readonly #mostJoins: number;
  readonly #statuses: StatusCache;
  readonly #asked = new Map<string, Set<Asked>>();

  constructor(door: BallastDoor, now: () => number, options: BudgetClientOptions, warn: (warning: BudgetWarning) => void) {
    this.#door = door;
    this.#now = now;
    this.#options = options;
    this.#warn = warn;
    this.#timeoutMs = options.checkTimeoutMs ?? 500;
    const { cacheMs = 60_000, refusalCacheMs = 5000 } = options;
    this.#statuses = new StatusCache(cacheMs, refusalCacheMs);
    // An answer that is not kept tells nothing to those that wait for it.
    this.#mostJoins = cacheMs > 0 ? MOST_JOINS : 0;
  }

  /** With the client's fallbacks, each asked about in turn. */
  async check(wanted: BudgetCall): Promise<CheckResult> {
    const { tenant, fallback } = this.#options;
    let result = await this.#checkOne(withTenant(wanted, tenant));
    let insteadOf: BudgetExceededError | undefined;
    for (let tried = 0; tried < MOST_FALLBACKS && !result.allowed && result.error instanceof BudgetExceededError; tried++) {
      insteadOf ??= result.error;
      const other = await fallback?.(result.error, result.call);
      if (!other) break;
      result = await this.#checkOne(withTenant(other, tenant));
    }
    return result.allowed && insteadOf ? { ...result, insteadOf } : result;
  }

  /** Usage of the tenant was booked: what is known, and what is being answered now, is out of date. */
  forget(tenant: string): void {
    this.#statuses.forget(tenant);
    for (const asked of this.#asked.values()) for (const each of asked) if (each.call.tenant === tenant) each.isStale = true;
  }

  /** From what is known, else from a request under way that will tell enough, else by asking. */
  async #checkOne(call: TenantCall): Promise<CheckResult> {
    const until = this.#now() + this.#timeoutMs;
    for (let joins = 0; ; joins++) {
      const known = this.#statuses.admit(call, this.#now());
      if (known) return fromCache(call, known);
      const asked = joins < this.#mostJoins ? (this.#asked.get(budgetKeyOf(call)) ?? []) : [];
      const other = [...asked].find((each) => covers(each.call, call));
      if (!other) break;
      // Where that question was not accepted, this one may be: it is asked for itself.
      const result = await other.result.catch(() => undefined);
      if (result && isUnasked(result)) return { ...result, call };
    }
    return this.#ask(call, Math.max(1, Math.min(this.#timeoutMs, until - this.#now())));
  }

  async #ask(call: TenantCall, timeoutMs: number): Promise<CheckResult> {
    const answering = askBallast(this.#door, "/api/ai-budget/check", checkBodyOf(call), "allowed", timeoutMs);
    const entry: Asked = { call, isStale: false, result: answering.then((answer) => this.#read(answer, call, () => entry.isStale)) };
    const key = budgetKeyOf(call);
    const asked = this.#asked.get(key) ?? new Set();
    this.#asked.set(key, asked.add(entry));
    try {
      return await entry.result;
    } finally {
      asked.delete(entry);
      if (asked.size === 0) this.#asked.delete(key);
    }
  }

  #read(answer: BallastAnswer, call: TenantCall, isStale: () => boolean): CheckResult {
    const { tenant, model } = call;
    switch (answer.outcome) {
      case "accepted": {
        const body = answer.body as unknown as CheckAnswer;
        if (!isStale()) this.#statuses.keepAnswer(call, body, this.#now());
        if (answer.warning) this.#warn({ kind: "above_warning_share", tenant, model, answer: body });
        return { allowed: true, call, warning: answer.warning, source: "ballast", answer: body, insteadOf: undefined };
      }
      case "refused": {
        const error = new BudgetExceededError(answer.body as unknown as BudgetRefusal, secondsOf(answer.retryAfterMs), answer.warning);
        if (!isStale()) this.#statuses.keepRefusal(call, error, this.#now());
        return { allowed: false, call, error };
      }
      case "rejected":
        throw new BudgetRequestError(answer.status, answer.code, answer.detail);
      case "away": {
        const { reason, retryAfterMs = 1000 } = answer;
        if (this.#options.onUnavailable === "deny") {
          return { allowed: false, call, error: new BudgetUnavailableError(call, reason, secondsOf(retryAfterMs)) };
        }
        this.#warn({ kind: "allowed_unasked", tenant, model, reason });
        return { allowed: true, call, warning: false, source: "unavailable", answer: undefined, insteadOf: undefined };
      }
      default:
        return answer satisfies never;
    }
  }
}

function isUnasked(result: CheckResult): boolean {
  return result.allowed ? result.source === "unavailable" : result.error instanceof BudgetUnavailableError;
}

function fromCache(call: TenantCall, known: KnownStatus): CheckResult {
  if ("refusal" in known) return { allowed: false, call, error: known.refusal };
  const { answer } = known;
  return { allowed: true, call, warning: answer.warning, source: "cache", answer, insteadOf: undefined };
}

function secondsOf(ms: number): number {
  return Math.ceil(ms / 1000);
}
