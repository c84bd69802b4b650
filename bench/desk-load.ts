import type { Budget } from "../src/core/ledger/budget.ts";
import { BudgetCatalog } from "../src/data/store/budget-catalog.ts";
import { CallJournal } from "../src/data/store/call-journal.ts";
import { LeaseDesk } from "../src/data/store/lease-desk.ts";
import type { LedgerStore } from "../src/ports/ledger-store.ts";
import { idSource } from "../src/std/random-id.ts";
import { systemClock } from "../src/std/system-clock.ts";
import { MODEL } from "./bench-server.ts";

export const HELD_NANO = 1_000_000n;
export const SPENT_NANO = 123_456n;
/** About as long as a real one. */
export const TRACE = JSON.stringify({ trace_id: "0".repeat(32), tenant: "bench", model_id: MODEL, more: "x".repeat(500) });
const SCOPE = { tenant: "bench", model: MODEL };

/** Calls as the gateway makes them of a ledger: a hold under three budgets, and its ending. */
export interface DeskLoad {
  oneCall(): Promise<void>;
  /** Resolves when all that was ended is in the store. */
  stored(): Promise<unknown>;
  close(): void;
}

export async function openDeskLoad(store: LedgerStore, folder: string): Promise<DeskLoad> {
  const now = systemClock;
  const catalog = await BudgetCatalog.open(store, null);
  const change = { actor: "bench", action: "budget.set", target: "", reason: "", before: null, after: null };
  for (const budget of budgets(now())) await catalog.put(budget, { ...change, target: budget.id });
  const journal = new CallJournal(folder, store.epoch);
  const beforeRetry = ({ error }: { error: unknown }) => Promise.reject(error);
  const desk = new LeaseDesk({ store, catalog, journal, beforeRetry });
  const newId = idSource(store.epoch, now);
  return {
    async oneCall() {
      const at = now();
      const result = await desk.hold(newId(), [SCOPE], HELD_NANO, at);
      if (result.outcome === "refused") throw new Error("the benchmark's budget is too small");
      const { holdId, accounts } = result.hold;
      const spent = { amountNano: SPENT_NANO, inputTokens: 200, outputTokens: 100 };
      await desk.end({ kind: "settle", holdId, accounts, heldNano: HELD_NANO, ...spent, at, tenant: "bench", trace: TRACE });
    },
    // Whatever is asked of the store waits for the endings sent before.
    stored: () => store.accounts([], now()),
    close: () => journal.close(),
  };
}

export async function perSecond(
  oneCall: () => Promise<void>,
  concurrent: number,
  durationMs: number,
  finished: () => Promise<unknown> = async () => {},
): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const loop = async () => {
    while (performance.now() - startedAt < durationMs) {
      await oneCall();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: concurrent }, loop));
  await finished();
  return (calls * 1000) / (performance.now() - startedAt);
}

/** Three over every call, as in the gateway's benchmark. */
function budgets(at: number): Budget[] {
  const shape = { limitNano: 10n ** 18n, window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [50, 80, 100] } as const;
  const stamps = { warnPercent: 80, covers: "all", origin: "config", createdAt: at, updatedAt: at } as const;
  return [
    { ...shape, ...stamps, id: "all", selector: {} },
    { ...shape, ...stamps, id: "tenant", selector: { tenant: SCOPE.tenant } },
    { ...shape, ...stamps, id: "model", selector: SCOPE },
  ];
}
