import type { Nano } from "../core/money/usd.ts";

/** What one ended call adds to the metrics. */
export interface CallFacts {
  readonly tenant: string;
  readonly useCase: string;
  readonly provider: string;
  readonly model: string;
  /** A CallOutcome. */
  readonly outcome: string;
  /** Levers that changed or refused it, each with its value. */
  readonly levers?: readonly string[] | undefined;
  /** Which cache answered it: exact, semantic, idempotent. */
  readonly cache?: string | undefined;
  /** The code of a problem. */
  readonly refusedBy?: string | undefined;
  /** Why an answered call has no price. */
  readonly unpricedReason?: string | undefined;
  readonly reportType: string;
  readonly bookedNano: Nano;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
  readonly overheadMs: number;
}

export interface CallSeries {
  readonly tenant: string;
  readonly useCase: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: string;
  readonly reportType: string;
  calls: number;
  bookedNano: Nano;
}

const OTHER = "other";

/**
 * Calls added up per distinct labels. Nested maps, because looking up strings that exist costs less than building a key.
 * Beyond `limit` series everything new goes under "other", so that no caller can grow the process by making names up;
 * sums over all series stay exact.
 */
export class CallTally {
  readonly #limit: number;
  readonly #series: CallSeries[] = [];
  readonly #tenants: Level<Level<Level<Level<Level<Map<string, CallSeries>>>>>> = new Map();

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  add(call: CallFacts): void {
    const series = this.#find(call) ?? this.#open(call);
    series.calls++;
    series.bookedNano += call.bookedNano;
  }

  series(): readonly CallSeries[] {
    return this.#series;
  }

  #find(call: Labels): CallSeries | undefined {
    return this.#tenants.get(call.tenant)?.get(call.useCase)?.get(call.provider)?.get(call.model)?.get(call.outcome)?.get(call.reportType);
  }

  #open(call: CallFacts): CallSeries {
    if (this.#series.length < this.#limit) return this.#insert(call);
    const other = { tenant: OTHER, useCase: OTHER, provider: OTHER, model: OTHER, outcome: call.outcome, reportType: OTHER };
    return this.#find(other) ?? this.#insert(other);
  }

  #insert({ tenant, useCase, provider, model, outcome, reportType }: Labels): CallSeries {
    const series = { tenant, useCase, provider, model, outcome, reportType, calls: 0, bookedNano: 0n };
    within(within(within(within(within(this.#tenants, tenant), useCase), provider), model), outcome).set(reportType, series);
    this.#series.push(series);
    return series;
  }
}

type Labels = Pick<CallFacts, "tenant" | "useCase" | "provider" | "model" | "outcome" | "reportType">;
type Level<Next> = Map<string, Next>;

function within<Next extends Map<string, unknown>>(level: Level<Next>, name: string): Next {
  let next = level.get(name);
  if (!next) {
    next = new Map() as Next;
    level.set(name, next);
  }
  return next;
}
