import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readTraceCsv, replayPrompt, type TraceCall } from "./adapters/providers/sim/trace-replay.ts";
import { parseConfig } from "./config/read-config.ts";
import { Problem } from "./contract/problem.ts";
import { type RunningBallast, startBallast } from "./serve.ts";
import { packageRoot } from "./std/package-root.ts";
import { createLogger } from "./telemetry/logger.ts";

export interface DemoOptions {
  /** 3010, or any free one when that is taken. */
  readonly port?: number | undefined;
  /** How many calls of the trace; all of the shipped slice unless said otherwise. */
  readonly calls?: number | undefined;
  /** Times the speed of the real trace; as fast as it goes unless said otherwise. */
  readonly speed?: number | undefined;
  /** Ends when the table is printed, instead of leaving the server running. */
  readonly exit: boolean;
  readonly json: boolean;
  readonly print: (text: string) => void;
  readonly progress: (total: number, label: string) => { advance(by?: number): void; done(): void };
}

/** Three tenants with different budgets; the last one's is too small for its share of the trace. */
export const DEMO_TENANTS = [
  { tenant: "acme", model: "gpt-4o-mini", limitUsd: "1000", useCase: "support" },
  { tenant: "birch", model: "claude-haiku-4-5", limitUsd: "5", useCase: "drafting" },
  { tenant: "cedar", model: "gpt-4.1-mini", limitUsd: "0.08", useCase: "search" },
] as const;

const CALLERS = 16;
const DEFAULT_PORT = 3010;
const MAX_TOKENS = 2048;

/** Starts Ballast with a simulated provider, replays a slice of a real trace through the gateway, and shows what it came to. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-demo-"));
  let ballast: RunningBallast | undefined;
  try {
    ballast = await startDemo(options, folder);
    const calls = readTraceCsv(readFileSync(new URL("samples/azure-llm-2023-conv.csv", packageRoot(import.meta.url)), "utf8"));
    const keys = await setUp(ballast);
    const tally = await replay(ballast, keys, calls.slice(0, options.calls ?? calls.length), options);
    await drained(ballast);
    const rows = await costRows(ballast);
    if (options.json) options.print(JSON.stringify({ url: ballast.url, replayed: tally, rows }));
    else options.print(summary(ballast, tally, rows, keys.get("acme")!));
    if (options.exit) return 0;
    if (!options.json) options.print(`Ctrl-C stops it. Its data is temporary: ${folder} goes when it stops.\n`);
    await untilInterrupted();
    return 0;
  } finally {
    await ballast?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startDemo(options: DemoOptions, folder: string): Promise<RunningBallast> {
  const config = (port: number) =>
    parseConfig(
      [
        `data_dir: ${JSON.stringify(folder)}`,
        `listen: { host: 127.0.0.1, port: ${port} }`,
        "providers:",
        "  - { name: openai, kind: sim, price_list: openai, models: ['gpt-*', 'text-embedding-*'], options: { ttftMs: { kind: lognormal, median: 20, p95: 60 } } }",
        "  - { name: anthropic, kind: sim, price_list: anthropic, models: ['claude-*'], options: { ttftMs: { kind: lognormal, median: 25, p95: 80 } } }",
        "telemetry: { log_level: warn }",
      ].join("\n"),
      "(demo)",
      { environment: () => undefined },
    );
  const log = createLogger({ level: "error" });
  const wanted = options.port ?? DEFAULT_PORT;
  try {
    return await startBallast(config(wanted), { log });
  } catch (error) {
    if (options.port !== undefined || !(error instanceof Problem) || error.code !== "address_in_use") throw error;
    if (!options.json) options.print(`Port ${wanted} is taken, so another one is used.\n`);
    return await startBallast(config(0), { log });
  }
}

/** A budget and a virtual key for each tenant. @returns the keys' secrets by tenant */
async function setUp(ballast: RunningBallast): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  for (const { tenant, limitUsd, useCase } of DEMO_TENANTS) {
    await api(ballast, "POST", "/api/ai-budget/set", { tenant_id: tenant, model: "*", monthly_limit_usd: limitUsd });
    const made = await api(ballast, "POST", "/api/v1/keys", {
      name: `demo ${tenant}`,
      scope: { tenant, use_case: useCase },
      may_name: ["feature", "run"],
    });
    secrets.set(tenant, (made as { secret: string }).secret);
  }
  return secrets;
}

interface Tally {
  answered: number;
  refused: number;
  repeated: number;
  failed: number;
}

async function replay(
  ballast: RunningBallast,
  keys: ReadonlyMap<string, string>,
  calls: readonly TraceCall[],
  options: DemoOptions,
): Promise<Tally> {
  const tally: Tally = { answered: 0, refused: 0, repeated: 0, failed: 0 };
  const bar = options.progress(calls.length, "replaying the trace");
  const startedAt = performance.now();
  let next = 0;
  const caller = async () => {
    for (let number = next++; number < calls.length; number = next++) {
      const call = calls[number]!;
      if (options.speed) await sleep(Math.max(0, call.atMs / options.speed - (performance.now() - startedAt)));
      const { tenant, model } = DEMO_TENANTS[number % DEMO_TENANTS.length]!;
      await send(ballast, keys.get(tenant)!, model, call, number, tally);
      // An impatient client sends the same call again: it gets the same answer, and nobody pays twice.
      if (number % 60 === 0) await send(ballast, keys.get(tenant)!, model, call, number, tally);
      bar.advance();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  bar.done();
  return tally;
}

async function send(ballast: RunningBallast, secret: string, model: string, call: TraceCall, number: number, tally: Tally): Promise<void> {
  const messages = [{ role: "user", content: replayPrompt(call) }];
  const path = model.startsWith("claude-") ? "/v1/messages" : "/v1/chat/completions";
  const answer = await fetch(ballast.url + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      ...(number % 60 === 0 ? { "idempotency-key": `demo-${number}` } : {}),
    },
    body: JSON.stringify({ model, max_tokens: MAX_TOKENS, messages, ...(number % 4 === 1 ? { stream: true } : {}) }),
  });
  await answer.arrayBuffer();
  if (answer.headers.get("x-ballast-cache") === "idempotent") tally.repeated += 1;
  else if (answer.ok) tally.answered += 1;
  else if (answer.status === 429) tally.refused += 1;
  else tally.failed += 1;
}

/** Waits until every trace is in the warehouse. */
async function drained(ballast: RunningBallast): Promise<void> {
  if (!ballast.warehouse) return;
  for (let turn = 0; turn < 200; turn++) {
    if ((await ballast.store.readOutbox("request_trace", 1)).length === 0) return;
    await sleep(50);
  }
}

type CostLine = Record<string, string | number | null>;

async function costRows(ballast: RunningBallast): Promise<CostLine[]> {
  if (!ballast.warehouse) return [];
  const answer = (await api(ballast, "GET", "/api/v1/costs?window=24h&group_by=tenant,model")) as { rows: CostLine[] };
  return answer.rows;
}

async function api(ballast: RunningBallast, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(ballast.url + path, {
    method,
    headers: { authorization: `Bearer ${ballast.adminToken}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said: unknown = await answer.json();
  if (!answer.ok)
    throw new Problem("internal", { path, status: answer.status, said }, { message: `The demo's own request to ${path} was refused.` });
  return said;
}

const COLUMNS = [
  ["tenant", "tenant"],
  ["model", "model"],
  ["calls", "calls"],
  ["tokens in", "prompt_tokens"],
  ["tokens out", "gen_tokens"],
  ["cost USD", "cost_usd"],
  ["refused", "refused"],
  ["cached", "cached"],
  ["p50 ms", "latency_ms_p50"],
  ["p95 ms", "latency_ms_p95"],
] as const;

function summary(ballast: RunningBallast, tally: Tally, rows: readonly CostLine[], secret: string): string {
  const cells = rows.map((row) => COLUMNS.map(([, key]) => cell(row[key])));
  const widths = COLUMNS.map(([title], column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((text, column) => (column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join("  ");
  const table =
    rows.length > 0
      ? [line(COLUMNS.map(([title]) => title)), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)]
      : ["(no warehouse on this machine, so there is no table: install the optional package chdb)"];
  const body = JSON.stringify({ model: "gpt-4o-mini", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] });
  return [
    "",
    ...table,
    "",
    `${tally.answered} calls answered, ${tally.refused} refused by budgets, ${tally.repeated} repeats answered from memory${tally.failed ? `, ${tally.failed} failed` : ""}.`,
    "",
    `The page    ${ballast.url}/`,
    `The API     ${ballast.url}/openapi.json`,
    "Try a call:",
    `  curl -s ${ballast.url}/v1/chat/completions -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/json' -d '${body}'`,
    "A budget:",
    `  curl -s ${ballast.url}/api/ai-budget/tenant/cedar`,
    "",
  ].join("\n");
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(1);
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}
