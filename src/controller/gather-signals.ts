import type { LeverId } from "../core/levers/lever-list.ts";
import { type LeverStates, leverState } from "../core/levers/lever-state.ts";
import type { Signal, Signals } from "../core/levers/signal.ts";
import { SIGNALS, type SignalName } from "../core/levers/signal-list.ts";
import type { ControlState } from "../core/policy/decision.ts";
import type { Instant } from "../core/time/window.ts";
import type { ControlSignalsRow, GroundednessRow } from "../ports/control-signals-question.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import type { KnownHours, SpendingHistory } from "./spending-history.ts";

export interface GatheredSignals {
  readonly signals: ReadonlyMap<string, Signals>;
  /** What forecasts of caps go by. */
  readonly history: KnownHours | undefined;
  /** Why they could not be asked for. The engine then holds still, and says so of each signal. */
  readonly missing: string | undefined;
}

interface SignalSources {
  readonly store: LedgerStore;
  readonly warehouse: Warehouse | undefined;
  readonly history: SpendingHistory;
}

/** What was measured of the subjects, each question to the warehouse once for all of them. */
export async function gatherSignals(
  states: ReadonlyMap<string, ControlState | undefined>,
  { store, warehouse, history }: SignalSources,
  now: Instant,
): Promise<GatheredSignals> {
  const nothing = { signals: new Map<string, Signals>(), history: undefined };
  if (states.size === 0) return { ...nothing, missing: undefined };
  if (warehouse === undefined) return { ...nothing, missing: "there is no warehouse" };
  try {
    // Asked before the calls themselves: what is carried over meanwhile makes them newer than said, never older.
    const [calledAt, ratedAt] = await Promise.all([callsCarriedUntil(store, now), ratingsCarriedUntil(store, now)]);
    const since = new Map([...states].map(([subject, state]) => [subject, newestChange(state)]));
    const subjects = [...since].map(([subject, at]) => ({ subject, guardedSince: new Date(at) }));
    const question = { now: new Date(now), subjects };
    const [rows, rated, known] = await Promise.all([
      warehouse.controlSignals(question),
      warehouse.groundedness(question),
      history.read(warehouse, [...states.keys()], now),
    ]);
    const signals = new Map(rows.map((row) => [row.subject, signalsOf(row, since.get(row.subject)!, calledAt)]));
    for (const row of rated) {
      const grounded = groundedOf(row, since.get(row.subject)!, Math.min(calledAt, ratedAt));
      signals.set(row.subject, { ...signals.get(row.subject), grounded });
    }
    return { signals, history: { ...known, readAt: Math.min(known.readAt, calledAt) }, missing: undefined };
  } catch (error) {
    return { ...nothing, missing: (error as Error).message };
  }
}

/** Up to when every ended call is in the warehouse: until now, or until the oldest one ended that still waits to be carried there. */
async function callsCarriedUntil(store: LedgerStore, now: Instant): Promise<Instant> {
  const [oldest] = await store.readOutbox("request_trace", 1);
  if (oldest === undefined) return now;
  const { ts, latency_ms: latencyMs = 0 } = JSON.parse(oldest.payload) as { ts: string; latency_ms?: number };
  return Math.min(now, Date.parse(ts) + latencyMs);
}

async function ratingsCarriedUntil(store: LedgerStore, now: Instant): Promise<Instant> {
  const [oldest] = await store.readOutbox("rating", 1);
  return oldest === undefined ? now : Math.min(now, Date.parse((JSON.parse(oldest.payload) as { received_at: string }).received_at));
}

/** When a lever of the subject was last turned, either way: what guardrails are measured from. */
export function newestChange(state: ControlState | undefined): Instant {
  const levers: LeverStates = state?.levers ?? {};
  return (Object.keys(levers) as LeverId[]).reduce((newest, id) => {
    const { appliedAt = 0, revertedAt = 0 } = leverState(levers, id);
    return Math.max(newest, appliedAt, revertedAt);
  }, 0);
}

function signalsOf(row: ControlSignalsRow, since: Instant, observedAt: Instant): Signals {
  const signals: Partial<Record<SignalName, Signal>> = {};
  const put = (name: SignalName, value: number | null, samples: number, more: Pick<Signal, "since"> = {}) => {
    if (value !== null) signals[name] = { name, value, windowMs: SIGNALS[name].windowMs, samples, observedAt, ...more };
  };
  put("p50_latency_ms", row.latencyMsP50, row.timed, { since });
  put("p95_latency_ms", row.latencyMsP95, row.timed, { since });
  put("error_rate", row.served === 0 ? null : row.failed / row.served, row.served, { since });
  put("cache_hit_rate", row.answered === 0 ? null : row.cached / row.answered, row.answered);
  put("depth_k", row.depthK, row.retrieved);
  put("rerank_count", row.rerankCount, row.reranked);
  put("ucr_1h", row.hourUsd, row.hourPriced);
  put("ucr_24h", row.dayUsd, row.dayPriced);
  return signals;
}

function groundedOf({ average, samples }: GroundednessRow, since: Instant, observedAt: Instant): Signal {
  return { name: "grounded", value: average, windowMs: SIGNALS.grounded.windowMs, samples, observedAt, since };
}
