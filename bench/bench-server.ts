import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { LoadJob } from "./load-job.ts";

export const CHAT_PATH = "/v1/chat/completions";
export const MODEL = "gpt-4o-mini";
const TOKEN = "ballast-admin-of-the-benchmark";
const BUDGET_USD = "1000000000";

/** A process that answers model calls. */
export interface BenchServer {
  readonly name: string;
  readonly pid: number;
  readonly target: Pick<LoadJob, "url" | "path" | "headers">;
  close(): Promise<void>;
}

export interface BallastServer extends BenchServer {
  /** Address of the V8 inspector, when it was started with --inspect. */
  readonly inspector: string | undefined;
  /** Traces that are not in the warehouse yet. */
  outboxWaiting(): Promise<number>;
}

/** The simulated provider, the upstream of every server of a benchmark. */
export async function startSimServer(options: object = {}): Promise<BenchServer> {
  const main = fileURLToPath(new URL("../src/adapters/providers/sim/sim-main.ts", import.meta.url));
  return await jsonServer("provider itself", [main, "--options", JSON.stringify(options)], { authorization: "Bearer sk-upstream" });
}

export async function startBareProxy(upstream: BenchServer): Promise<BenchServer> {
  const main = fileURLToPath(new URL("bare-proxy.ts", import.meta.url));
  return await jsonServer("bare proxy", [main, upstream.target.url], { authorization: "Bearer sk-upstream" });
}

/**
 * `ballast serve`, as anybody would start it: keys, three budgets over every call, traces, and the embedded warehouse.
 * @param checkout the folder whose Ballast is started
 */
export async function startBallastServer(upstream: BenchServer, checkout: string, nodeOptions: string[] = []): Promise<BallastServer> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-"));
  const budgets = [{}, { tenant: "bench" }, { tenant: "bench", model: MODEL }].map((scope) => ({ scope, limit_usd: BUDGET_USD }));
  const config = {
    data_dir: join(folder, "data"),
    listen: { port: 0 },
    admin_token: TOKEN,
    budgets,
    providers: [
      {
        name: "upstream",
        kind: "openai-compatible",
        base_url: upstream.target.url,
        api_key: "sk-upstream",
        price_list: "openai",
        models: [MODEL],
      },
    ],
    telemetry: { log_level: "error" },
  };
  const { child, url, errors } = await startServe(folder, config, checkout, nodeOptions);
  const answer = await fetch(`${url}/api/v1/keys`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name: "bench", scope: { tenant: "bench" } }),
  });
  if (!answer.ok) throw new Error(`no key could be made: ${await answer.text()}`);
  const { secret } = (await answer.json()) as { secret: string };
  return {
    name: "ballast",
    pid: child.pid!,
    // The server starts itself again once, and the inspector with it.
    inspector: errors()
      .match(/ws:\/\/\S+/g)
      ?.at(-1),
    target: { url, path: CHAT_PATH, headers: { "content-type": "application/json", authorization: `Bearer ${secret}` } },
    async outboxWaiting() {
      const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
      return Number(/^ballast_outbox_waiting (\S+)$/m.exec(text)?.[1]);
    },
    async close() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `ballast serve` over a ledger that is there already, without providers and warehouse. */
export async function startLedgerServer(folder: string, checkout: string) {
  const config = {
    data_dir: join(folder, "data"),
    listen: { port: 0 },
    admin_token: TOKEN,
    stores: { warehouse: "none" },
    telemetry: { log_level: "error" },
  };
  const { child, url } = await startServe(folder, config, checkout);
  return {
    pid: child.pid!,
    /** @returns milliseconds until the last byte of the answer was there */
    async time(method: string, path: string, body?: unknown): Promise<number> {
      const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
      const startedAt = performance.now();
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
      return performance.now() - startedAt;
    },
    close: () => stop(child),
  };
}

async function startServe(folder: string, config: object, checkout: string, nodeOptions: string[] = []) {
  // JSON is YAML too.
  writeFileSync(join(folder, "ballast.yaml"), JSON.stringify(config));
  const args = [join(checkout, "src/cli/ballast.ts"), "serve", "--json", "--config", join(folder, "ballast.yaml")];
  const { child, line, errors } = await startChild([...nodeOptions, ...args]);
  const { url } = JSON.parse(line) as { url: string };
  return { child, url, errors };
}

/** The gateway of the npm package @portkey-ai/gateway, as its start:node starts it. */
export async function startPortkey(upstream: BenchServer, main: string): Promise<BenchServer> {
  const port = await freePort();
  const child = spawn(process.execPath, [main, "--headless", `--port=${port}`], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(url).catch(() => undefined)); tries++) {
    if (child.exitCode !== null || tries > 100) throw new Error(`the portkey gateway does not answer on ${url}`);
    await sleep(100);
  }
  const headers = {
    "content-type": "application/json",
    authorization: "Bearer sk-upstream",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstream.target.url}/v1`,
  };
  return { name: "portkey", pid: child.pid!, target: { url, path: CHAT_PATH, headers }, close: () => stop(child) };
}

/** A server that prints {"url": …} when it listens, and ends with its standard input. */
async function jsonServer(name: string, args: string[], headers: Record<string, string>): Promise<BenchServer> {
  const { child, line } = await startChild(args);
  const { url } = JSON.parse(line) as { url: string };
  const target = { url, path: CHAT_PATH, headers: { "content-type": "application/json", ...headers } };
  return { name, pid: child.pid!, target, close: () => stop(child) };
}

async function startChild(args: string[]): Promise<{ child: ChildProcess; line: string; errors: () => string }> {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-10_000);
  });
  let out = "";
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out = (out + text).slice(-10_000);
      const found = out.split("\n").find((each) => each.startsWith('{"url"'));
      if (found) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}:\n${out}${errors}`)));
  });
  return { child, line, errors: () => errors };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
