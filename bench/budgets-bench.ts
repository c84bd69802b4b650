import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Scope } from "../src/core/scope/scope.ts";
import { BudgetCatalog } from "../src/data/store/budget-catalog.ts";
import { LeaseDesk } from "../src/data/store/lease-desk.ts";
import { openSqliteLedgerStore } from "../src/data/store/sqlite-ledger-store.ts";
import { idSource } from "../src/std/random-id.ts";
import { systemClock } from "../src/std/system-clock.ts";
import { startLedgerServer } from "./bench-server.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { budgetPopulation, callScopes, fillLedger, tenantOf } from "./budget-population.ts";
import type { Figure, Outcome } from "./figure.ts";
import { residentMib } from "./process-usage.ts";

const BUDGETS = 100_000;
const TENANTS = 0.4 * BUDGETS - 100;
/** Distinct calls; each holds on the leases that the one before it on the same accounts has brought. */
const CALLS = 5000;
const REQUESTS = 200;
const MIB = 1024 * 1024;

/** What a hundred thousand budgets cost: a call that has to find its own, a tenant's status, the pages that show them, memory, and a start. */
export async function budgetsBench({ rounds, checkout, say }: BenchSetting): Promise<Outcome> {
  const full = mkdtempSync(join(tmpdir(), "ballast-bench-budgets-"));
  const empty = mkdtempSync(join(tmpdir(), "ballast-bench-budgets-"));
  try {
    say(`budgets: writing ${BUDGETS} of them`);
    const now = systemClock();
    mkdirSync(join(full, "data"));
    fillLedger(join(full, "data", "ledger"), budgetPopulation(BUDGETS, now), now);
    say("budgets: calls");
    const inProcess = await callFigures(join(full, "data", "ledger"), rounds);
    say("budgets: requests");
    const served = await serverFigures(full, empty, checkout, rounds);
    return { figures: [...inProcess, ...served], notes: [`${BUDGETS} budgets, one in five with money spent.`] };
  } finally {
    rmSync(full, { recursive: true, force: true });
    rmSync(empty, { recursive: true, force: true });
  }
}

async function callFigures(folder: string, rounds: number): Promise<Figure[]> {
  const now = systemClock;
  const store = await openSqliteLedgerStore({ folder, bootId: "bench", openedAt: now() }, now);
  try {
    const before = usedHeap();
    const catalog = await BudgetCatalog.open(store, null);
    const memory = usedHeap() - before;
    const scopes = callScopes(CALLS, TENANTS);
    const journal = { hold: async () => {}, ending: async () => {}, forget: () => {}, written: async () => {}, renew: () => {} };
    const desk = new LeaseDesk({ store, catalog, journal, beforeRetry: ({ error }) => Promise.reject(error) });
    const newId = idSource(store.epoch, now);
    const hold = async (scope: Scope) => {
      const { outcome } = await desk.hold(newId(), [scope], 1n, now());
      if (outcome === "refused") throw new Error("the benchmark's budgets are too small");
    };
    // The first call on an account asks the store for a lease; those after it hold within it.
    for (const scope of scopes) await hold(scope);
    const found: number[] = [];
    const matched: number[][] = [];
    const held: number[][] = [];
    for (let round = 0; round < rounds; round++) {
      matched.push(scopes.map((scope) => microsecondsOf(() => found.push(catalog.matching(scope).length))));
      const holds: number[] = [];
      for (const scope of scopes) {
        const startedAt = performance.now();
        await hold(scope);
        holds.push((performance.now() - startedAt) * 1000);
      }
      held.push(holds);
    }
    return [
      { ...figure("budgets of a call", "", [found.reduce((sum, each) => sum + each, 0) / found.length]) },
      ...percentiles("a call finds its budgets", "µs", matched, "< 20"),
      ...percentiles("a call finds its budgets and holds on their accounts, journal left out", "µs", held, "< 20"),
      figure("heap of the budgets, server's main thread", "MiB", [memory / MIB]),
    ];
  } finally {
    await store.close(false);
  }
}

async function serverFigures(full: string, empty: string, checkout: string, rounds: number): Promise<Figure[]> {
  const starts: number[] = [];
  const emptyStarts: number[] = [];
  const resident: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    const [bare, bareMs] = await timed(() => startLedgerServer(empty, checkout));
    const bareMib = residentMib(bare.pid);
    await bare.close();
    const [server, ms] = await timed(() => startLedgerServer(full, checkout));
    resident.push(residentMib(server.pid) - bareMib);
    await server.close();
    emptyStarts.push(bareMs);
    starts.push(ms);
  }
  const server = await startLedgerServer(full, checkout);
  const several = async (times: number, request: (index: number) => Promise<number>) => {
    const measured: number[] = [];
    for (let index = 0; index < times; index++) measured.push(await request(index));
    return measured;
  };
  try {
    const someTenant = (index: number) => tenantOf((index * 7919) % TENANTS);
    const status = (index: number) => server.time("GET", `/api/ai-budget/tenant/${someTenant(index)}`);
    const put = (index: number) => server.time("POST", `/api/v1/budgets/tenant=${someTenant(index)}`, { limit_usd: 1000 + index });
    await several(20, status);
    await several(5, put);
    const page = async (name: string, path: string) => {
      const [first, ...rest] = await several(1 + rounds, () => server.time("GET", path));
      return [figure(`${name}, the first`, "ms", [first!]), figure(`${name}, those after it`, "ms", rest)];
    };
    return [
      ...percentiles("status of one tenant", "ms", [await several(REQUESTS, status)], "< 5"),
      ...percentiles("a budget is set", "ms", [await several(REQUESTS, put)]),
      ...(await page("start page", "/")),
      ...(await page("metrics", "/metrics")),
      ...(await page("list of budgets", "/api/v1/budgets")),
      { ...figure("start", "ms", starts), goal: "a few seconds" },
      figure("start without budgets", "ms", emptyStarts),
      figure("resident after the start, more than without budgets", "MiB", resident),
    ];
  } finally {
    await server.close();
  }
}

function figure(name: string, unit: string, values: readonly number[]): Figure {
  return { benchmark: "budgets", name, unit, values };
}

/** Of every round on its own. */
function percentiles(name: string, unit: string, rounds: readonly (readonly number[])[], goal?: string): Figure[] {
  const at = (share: number) => rounds.map((values) => values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1]!);
  return [{ ...figure(`${name}: p50`, unit, at(0.5)), ...(goal ? { goal } : {}) }, figure(`${name}: p99`, unit, at(0.99))];
}

function microsecondsOf(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return (performance.now() - startedAt) * 1000;
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const startedAt = performance.now();
  return [await work(), performance.now() - startedAt];
}

/** After a collection: what is really kept. */
function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
