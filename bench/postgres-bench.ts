import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { openPostgresLedgerStore } from "../src/data/store/sqlite-ledger-store.ts";
import { systemClock } from "../src/std/system-clock.ts";
import { postgresPrograms, startPostgres } from "../test/servers/postgres-server.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { openDeskLoad, perSecond } from "./desk-load.ts";
import type { Outcome } from "./figure.ts";

const CONCURRENT = 64;
const CONNECTIONS = 10;

/**
 * Admission with the ledger in PostgreSQL: hold and settlement under three budgets through the desk, until the last is stored; against
 * the plain way on the same server: one conditional update per call of one balance, which holds nothing and remembers no call.
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
  const figures = { leased: [] as number[], plain: [] as number[], perCommit: [] as number[] };
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
    await perSecond(load.oneCall, CONCURRENT, 1000, load.stored);
    await perSecond(plainCall, CONCURRENT, 1000);
    for (let round = 1; round <= rounds; round++) {
      say(`postgres: round ${round} of ${rounds}`);
      const before = await transactions();
      const leased = await perSecond(load.oneCall, CONCURRENT, seconds * 1000, load.stored);
      // The server tells of its transactions a moment later.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      figures.perCommit.push((100 * ((await transactions()) - before)) / (leased * seconds));
      figures.leased.push(leased);
      figures.plain.push(await perSecond(plainCall, CONCURRENT, seconds * 1000));
    }
  } finally {
    await sql.end();
    await counter.end();
    load.close();
    await store.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const ratio = figures.leased.map((each, round) => each / figures.plain[round]!);
  const figure = (name: string, unit: string, values: readonly number[]) => ({ benchmark: "postgres", name, unit, values });
  return {
    figures: [
      { ...figure(`leases / one conditional update per call, ${CONCURRENT} at a time`, "ratio of calls/s", ratio), goal: "≥ 20" },
      { ...figure("leases", "holds and settlements/s", figures.leased), goal: "≥ 20,000" },
      { ...figure("transactions of the server per 100 calls", "", figures.perCommit), goal: "≤ 1" },
      figure("one conditional update per call", "calls/s", figures.plain),
    ],
    notes: [],
  };
}
