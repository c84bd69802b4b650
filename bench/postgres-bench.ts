import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { openPostgresLedgerStore } from "../src/data/store/sqlite-ledger-store.ts";
import { systemClock } from "../src/std/system-clock.ts";
import { postgresPrograms, startPostgres } from "../test/servers/postgres-server.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { type DeskLoad, openDeskLoad, perSecond, TRACE } from "./desk-load.ts";
import type { Outcome } from "./figure.ts";

const CONCURRENT = 64;
const CONNECTIONS = 10;

/** Calls of a burst, below the number of endings on their way at which the desk waits for the store. */
const BURST = 8_000;

/**
 * Admission with the ledger in PostgreSQL: hold and settlement under three budgets through the desk, once until the journal has them, as
 * a caller waits for it, and once until the last is stored. Against the plain ways on the same server: one conditional update per call
 * of one balance, which holds nothing and remembers no call; and the same work as ours, a transaction for the hold and one for the
 * settlement of three balances with the call's entry and trace.
 */
export async function postgresBench({ rounds, seconds, say }: BenchSetting): Promise<Outcome> {
  if (!postgresPrograms()) return { figures: [], notes: ["postgres: not measured. There is no PostgreSQL here."] };
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-postgres-"));
  const server = await startPostgres();
  const url = await server.database();
  const now = systemClock;
  const store = await openPostgresLedgerStore({ folder, postgresUrl: url, bootId: "bench", openedAt: now() }, now);
  const load = await openDeskLoad(store, folder);
  const sql = postgres(await server.database(), { max: CONNECTIONS, onnotice: () => {} });
  const counter = postgres(url, { max: 1, onnotice: () => {} });
  const figures = {
    admitted: [] as number[],
    leased: [] as number[],
    plain: [] as number[],
    whole: [] as number[],
    perCommit: [] as number[],
  };
  const transactions = async () => {
    const [row] = await counter`SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()`;
    return Number(row!.n);
  };
  try {
    await sql`CREATE TABLE balance (id TEXT PRIMARY KEY, limit_nano BIGINT, spent_nano BIGINT)`;
    await sql`INSERT INTO balance VALUES ('hot', ${String(10n ** 18n)}, 0)`;
    const plainCall = async () => {
      const spent = await sql`UPDATE balance SET spent_nano = spent_nano + 123456 WHERE id = 'hot' AND spent_nano + 123456 <= limit_nano`;
      if (spent.count !== 1) throw new Error("the benchmark's budget is too small");
    };
    await sql`INSERT INTO balance SELECT 'b' || n, ${String(10n ** 18n)}, 0 FROM generate_series(1, 3) AS n`;
    await sql`CREATE TABLE call (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hold BIGINT, spent BIGINT, trace TEXT)`;
    const wholeCall = async () => {
      await sql.begin(async (own) => {
        await own`SELECT id FROM balance WHERE id IN ('b1', 'b2', 'b3') ORDER BY id FOR UPDATE`;
        const held =
          await own`UPDATE balance SET spent_nano = spent_nano + 1000000 WHERE id IN ('b1', 'b2', 'b3') AND spent_nano + 1000000 <= limit_nano`;
        if (held.count !== 3) throw new Error("the benchmark's budget is too small");
      });
      await sql.begin(async (own) => {
        await own`SELECT id FROM balance WHERE id IN ('b1', 'b2', 'b3') ORDER BY id FOR UPDATE`;
        await own`UPDATE balance SET spent_nano = spent_nano - 1000000 + 123456 WHERE id IN ('b1', 'b2', 'b3')`;
        await own`INSERT INTO call (hold, spent, trace) VALUES (1000000, 123456, ${TRACE})`;
      });
    };
    await perSecond(load.oneCall, CONCURRENT, 1000, load.stored);
    await perSecond(plainCall, CONCURRENT, 1000);
    await perSecond(wholeCall, CONCURRENT, 500);
    for (let round = 1; round <= rounds; round++) {
      say(`postgres: round ${round} of ${rounds}`);
      const before = await transactions();
      const leased = await perSecond(load.oneCall, CONCURRENT, seconds * 1000, load.stored);
      // The server tells of its transactions a moment later.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      figures.perCommit.push((100 * ((await transactions()) - before)) / (leased * seconds));
      figures.leased.push(leased);
      figures.plain.push(await perSecond(plainCall, CONCURRENT, seconds * 1000));
      figures.whole.push(await perSecond(wholeCall, CONCURRENT, seconds * 1000));
      figures.admitted.push(await burst(load));
    }
  } finally {
    await sql.end();
    await counter.end();
    load.close();
    await store.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const ratio = (ours: readonly number[], theirs: readonly number[]) => ours.map((each, round) => each / theirs[round]!);
  const figure = (name: string, unit: string, values: readonly number[]) => ({ benchmark: "postgres", name, unit, values });
  const calls = "holds and settlements/s";
  return {
    figures: [
      {
        ...figure("leases, journalled / one conditional update per call", "ratio of calls/s", ratio(figures.admitted, figures.plain)),
        goal: "≥ 20",
      },
      { ...figure(`leases, journalled, bursts of ${BURST}`, calls, figures.admitted), goal: "≥ 20,000" },
      figure("leases, all stored / one conditional update per call", "ratio of calls/s", ratio(figures.leased, figures.plain)),
      figure("leases, all stored / the same work in two transactions", "ratio of calls/s", ratio(figures.leased, figures.whole)),
      figure("leases, all stored", calls, figures.leased),
      { ...figure("transactions of the server per 100 calls", "", figures.perCommit), goal: "≤ 1" },
      figure("one conditional update per call", "calls/s", figures.plain),
      figure("the same work in two transactions", "calls/s", figures.whole),
    ],
    notes: [],
  };
}

/** Calls per second until the journal has the last, far from the limit: what a caller waits for. The store follows. */
async function burst(load: DeskLoad): Promise<number> {
  let left = BURST;
  const loop = async () => {
    while (left-- > 0) await load.oneCall();
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENT }, loop));
  const tookMs = performance.now() - startedAt;
  await load.stored();
  return (BURST * 1000) / tookMs;
}
