import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runsCsv, runsText } from "../cli/commands/report-runs-command.ts";
import { printTable } from "../cli/print-table.ts";
import { NO_UNIT_COST_SETTINGS } from "../core/unit-cost/unit-cost-settings.ts";
import { openChdbWarehouse } from "../data/warehouse/chdb-warehouse.ts";
import { aTrace } from "../ports/trace-test-kit.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { testApi } from "./api-test-kit.ts";

/* It is 15 November 2025, noon. */
const price = { measure: "gpu_hours", picoUsd: 2_500_000_000_000n, upToK: null, useCase: null, validFrom: 0 } as const;
let folder: string;
let warehouse: Warehouse;
let api: Awaited<ReturnType<typeof testApi>>;
let made = 0;

const anEvent = (type: string, time: string, data: Record<string, unknown>) => {
  made += 1;
  return { specversion: "1.0", id: String(made), source: "/t", type, time, data: { tenant: "acme", ...data } };
};
const usage = (time: string, data: Record<string, unknown>) =>
  anEvent("UsageMetered", time, { resource_type: "gpu_hours", units: 4, ...data });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ballast-runs-"));
  warehouse = await openChdbWarehouse({ dir: folder });
  api = await testApi({ warehouse, unitCosts: { ...NO_UNIT_COST_SETTINGS, prices: [price] } });
  const november = { from: new Date("2025-11-01"), to: new Date("2025-12-01") };
  const call = (ts: string, run_id: string) => aTrace(november, { ts, run_id, tenant: "acme", experiment_id: "e1" });
  const traces = [
    call("2025-11-14T00:00:00.000Z", "named"),
    call("2025-11-14T01:00:00.000Z", "named"),
    call("2025-11-02T00:00:00.000Z", "left"),
  ];
  await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)));
  const events = [
    anEvent("RunStarted", "2025-10-31T00:00:00Z", { kind: "run", run: "left" }),
    anEvent("RunStarted", "2025-11-15T11:00:00Z", { kind: "run", run: "new" }),
    anEvent("RunStarted", "2025-11-01T00:00:00Z", { kind: "job", job: "train-1" }),
    anEvent("RunEnded", "2025-11-03T00:00:00Z", { kind: "job", job: "train-1" }),
    usage("2025-11-02T00:00:00Z", { job: "train-1", experiment: "e1" }),
    usage("2025-11-04T00:00:00Z", { job: "train-2" }),
    usage("2025-11-04T00:00:00Z", { run: "stray" }),
  ];
  const { status } = await api.ask("POST", "/api/v1/events", { body: { events } });
  expect(status).toBe(200);
  await warehouse.insertFacts(api.store.facts);
});
afterAll(async () => {
  await warehouse?.close();
  await rm(folder, { recursive: true });
});

async function told(query: string) {
  const { status, body } = await api.ask("GET", `/api/v1/runs?window=month&${query}`);
  expect(status).toBe(200);
  return body;
}
type Row = { name: string; state: string; total_usd: string };

it("tells what each run cost and in which state it is, dearest first", async () => {
  const body = await told("");
  expect(body.rows.map(({ name, state, total_usd }: Row) => [name, state, total_usd])).toEqual([
    ["stray", "orphan", "10"],
    ["named", "open", "0.00013"],
    ["left", "abandoned", "0.000065"],
    ["new", "running", "0"],
  ]);
  expect(body.total).toMatchObject({ runs: 4, calls: 3, training_usd: "10", requests_usd: "0.000195", total_usd: "10.000195" });
  expect(runsText(body, printTable)).toContain("4 in all");
  expect(runsCsv(body).split("\r\n")).toHaveLength(5);
});

it("tells training jobs by their GPU hours, with their end, and an orphan that nobody started", async () => {
  const body = await told("by=job");
  expect(body.rows.map(({ name, state, total_usd }: Row) => [name, state, total_usd])).toEqual([
    ["train-1", "ended", "10"],
    ["train-2", "orphan", "10"],
  ]);
  expect(body.rows[0]).toMatchObject({ gpu_hours: "4", started_at: "2025-11-01T00:00:00.000Z", ended_at: "2025-11-03T00:00:00.000Z" });
});

it("adds calls and training of an experiment up", async () => {
  const body = await told("by=experiment");
  expect(body.rows).toHaveLength(1);
  expect(body.rows[0]).toMatchObject({ name: "e1", calls: 3, requests_usd: "0.000195", training_usd: "10", total_usd: "10.000195" });
});

it("filters by state and tenant, and refuses what it does not know", async () => {
  expect((await told("state=abandoned")).rows.map(({ name }: Row) => name)).toEqual(["left"]);
  expect((await told("tenant=globex")).rows).toEqual([]);
  expect((await api.ask("GET", "/api/v1/runs?by=team")).status).toBe(400);
  expect((await api.ask("GET", "/api/v1/runs?state=lost")).status).toBe(400);
});
