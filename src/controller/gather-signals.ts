import type { LeverId } from "../core/levers/lever-list.ts";
import { type LeverStates, leverState } from "../core/levers/lever-state.ts";
import type { Signal, Signals } from "../core/levers/signal.ts";
import { SIGNALS, type SignalName } from "../core/levers/signal-list.ts";
import type { ControlState } from "../core/policy/decision.ts";
import type { Instant } from "../core/time/window.ts";
import type { ControlSignalsRow } from "../ports/control-signals-question.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";

export interface GatheredSignals {
  readonly signals: ReadonlyMap<string, Signals>;
  /** Why they could not be asked for. The engine then holds still, and says so of each signal. */
  readonly missing: string | undefined;
}

const SUBJECTS_WITHOUT: ReadonlyMap<string, Signals> = new Map();

/** What was measured of the subjects: one question to the warehouse for all of them. */
export async function gatherSignals(
  states: ReadonlyMap<string, ControlState | undefined>,
  { store, warehouse }: { readonly store: LedgerStore; readonly warehouse: Warehouse | undefined },
  now: Instant,
): Promise<GatheredSignals> {
  if (states.size === 0) return { signals: SUBJECTS_WITHOUT, missing: undefined };
  if (warehouse === undefined) return { signals: SUBJECTS_WITHOUT, missing: "there is no warehouse" };
  try {
    // Asked before the calls themselves: what is carried over meanwhile makes them newer than said, never older.
    const observedAt = await carriedUntil(store, now);
    const subjects = [...states].map(([subject, state]) => ({ subject, guardedSince: new Date(newestChange(state)) }));
    const rows = await warehouse.controlSignals({ now: new Date(now), subjects });
    return { signals: new Map(rows.map((row) => [row.subject, signalsOf(row, observedAt)])), missing: undefined };
  } catch (error) {
    return { signals: SUBJECTS_WITHOUT, missing: (error as Error).message };
  }
}

/** Up to when every ended call is in the warehouse: until now, or until the oldest one ended that still waits to be carried there. */
async function carriedUntil(store: LedgerStore, now: Instant): Promise<Instant> {
  const [oldest] = await store.readOutbox("request_trace", 1);
  if (oldest === undefined) return now;
  const { ts, latency_ms: latencyMs = 0 } = JSON.parse(oldest.payload) as { ts: string; latency_ms?: number };
  return Math.min(now, Date.parse(ts) + latencyMs);
}

/** When a lever of the subject was last turned, either way: what guardrails are measured from. */
export function newestChange(state: ControlState | undefined): Instant {
  const levers: LeverStates = state?.levers ?? {};
  return (Object.keys(levers) as LeverId[]).reduce((newest, id) => {
    const { appliedAt = 0, revertedAt = 0 } = leverState(levers, id);
    return Math.max(newest, appliedAt, revertedAt);
  }, 0);
}

function signalsOf(row: ControlSignalsRow, observedAt: Instant): Signals {
  const signals: Partial<Record<SignalName, Signal>> = {};
  const put = (name: SignalName, value: number | null, samples: number) => {
    if (value !== null) signals[name] = { name, value, windowMs: SIGNALS[name].windowMs, samples, observedAt };
  };
  put("p50_latency_ms", row.latencyMsP50, row.timed);
  put("p95_latency_ms", row.latencyMsP95, row.timed);
  put("error_rate", row.served === 0 ? null : row.failed / row.served, row.served);
  put("cache_hit_rate", row.answered === 0 ? null : row.cached / row.answered, row.answered);
  put("depth_k", row.depthK, row.retrieved);
  put("rerank_count", row.rerankCount, row.reranked);
  put("ucr_1h", row.hourUsd, row.hourPriced);
  put("ucr_24h", row.dayUsd, row.dayPriced);
  // Groundedness of rated answers, and hours until the cap is spent, come here once they are measured. Until then they are missing.
  return signals;
}
