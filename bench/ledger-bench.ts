import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteLedgerStore } from "../src/data/store/sqlite-ledger-store.ts";
import { StoreEngine } from "../src/data/store/store-engine.ts";
import { idSource } from "../src/std/random-id.ts";
import { systemClock } from "../src/std/system-clock.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { HELD_NANO, openDeskLoad, perSecond, SPENT_NANO, TRACE } from "./desk-load.ts";
import type { Outcome } from "./figure.ts";

const CONCURRENT = 64;
/**
 * Holds and settlements per second through the desk, 64 at a time, until the last one is on disk; against the same ledger told of one
 * settlement at a time, each a transaction that is waited for.
 */
export async function ledgerBench({ rounds, seconds, say }: BenchSetting): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-ledger-"));
  const now = systemClock;
  const store = await openSqliteLedgerStore({ folder, bootId: "bench", openedAt: now() }, now);
  const load = await openDeskLoad(store, folder);
  const newId = idSource(store.epoch, now);
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
    await perSecond(load.oneCall, CONCURRENT, 1000, load.stored);
    await perSecond(oneTransaction, 1, 1000);
    for (let round = 1; round <= rounds; round++) {
      say(`ledger: round ${round} of ${rounds}`);
      grouped.push(await perSecond(load.oneCall, CONCURRENT, seconds * 1000, load.stored));
      alone.push(await perSecond(oneTransaction, 1, seconds * 1000));
    }
  } finally {
    reference.close(now(), true);
    load.close();
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
