import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budget } from "../src/core/ledger/budget.ts";
import { BudgetCatalog } from "../src/data/store/budget-catalog.ts";
import { CallJournal } from "../src/data/store/call-journal.ts";
import { LeaseDesk } from "../src/data/store/lease-desk.ts";
import { openSqliteLedgerStore } from "../src/data/store/sqlite-ledger-store.ts";
import { StoreEngine } from "../src/data/store/store-engine.ts";
import { idSource } from "../src/std/random-id.ts";
import { systemClock } from "../src/std/system-clock.ts";
import { MODEL } from "./bench-server.ts";
import type { BenchSetting } from "./bench-setting.ts";
import type { Outcome } from "./figure.ts";

const CONCURRENT = 64;
const HELD_NANO = 1_000_000n;
const SPENT_NANO = 123_456n;
const SCOPE = { tenant: "bench", model: MODEL };
/** About as long as a real one. */
const TRACE = JSON.stringify({ trace_id: "0".repeat(32), tenant: "bench", model_id: MODEL, more: "x".repeat(900) });

/**
 * Holds and settlements per second through the desk, 64 at a time, until the last one is on disk; against the same ledger told of one
 * settlement at a time, each a transaction that is waited for.
 */
export async function ledgerBench({ rounds, seconds, say }: BenchSetting): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-ledger-"));
  const now = systemClock;
  const store = await openSqliteLedgerStore({ folder, bootId: "bench", openedAt: now() }, now);
  const catalog = await BudgetCatalog.open(store, null);
  const change = { actor: "bench", action: "budget.set", target: "", reason: "", before: null, after: null };
  for (const budget of budgets(now())) await catalog.put(budget, { ...change, target: budget.id });
  const journal = new CallJournal(folder, store.epoch);
  const beforeRetry = ({ error }: { error: unknown }) => Promise.reject(error);
  const desk = new LeaseDesk({ store, catalog, journal, beforeRetry });
  const newId = idSource(store.epoch, now);
  const oneCall = async () => {
    const at = now();
    const result = await desk.hold(newId(), [SCOPE], HELD_NANO, at);
    if (result.outcome === "refused") throw new Error("the benchmark's budget is too small");
    const { holdId, accounts } = result.hold;
    const spent = { amountNano: SPENT_NANO, inputTokens: 200, outputTokens: 100 };
    await desk.end({ kind: "settle", holdId, accounts, heldNano: HELD_NANO, ...spent, at, tenant: "bench", trace: TRACE });
  };
  // Whatever is asked of the store waits for the endings sent before.
  const stored = () => store.accounts([], now());
  const grouped: number[] = [];
  const alone: number[] = [];
  const reference = new StoreEngine({ folder: join(folder, "reference"), bootId: "bench", openedAt: now() });
  const oneTransaction = async () => {
    const at = now();
    const spent = { heldNano: HELD_NANO, amountNano: SPENT_NANO, inputTokens: 200, outputTokens: 100 };
    const ending = { kind: "settle", holdId: newId(), accounts: [], ...spent, at, tenant: "bench", trace: TRACE };
    reference.run([{ operation: "end", parameters: [ending] }]);
  };
  try {
    await perSecond(oneCall, CONCURRENT, 1000, stored);
    await perSecond(oneTransaction, 1, 1000);
    for (let round = 1; round <= rounds; round++) {
      say(`ledger: round ${round} of ${rounds}`);
      grouped.push(await perSecond(oneCall, CONCURRENT, seconds * 1000, stored));
      alone.push(await perSecond(oneTransaction, 1, seconds * 1000));
    }
  } finally {
    reference.close(now(), true);
    journal.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const figure = (name: string, unit: string, values: readonly number[]) => ({ benchmark: "ledger", name, unit, values });
  return {
    figures: [
      figure(
        `${CONCURRENT} at a time / one transaction per call`,
        "ratio of calls/s",
        grouped.map((each, round) => each / alone[round]!),
      ),
      figure(`${CONCURRENT} at a time`, "holds and settlements/s", grouped),
      figure("one transaction per call", "holds and settlements/s", alone),
    ],
    notes: [],
  };
}

async function perSecond(
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
