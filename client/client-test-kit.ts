import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../src/config/read-config.ts";
import { type RunningBallast, startBallast } from "../src/serve.ts";
import { createLogger } from "../src/telemetry/logger.ts";

/** For tests only: a real Ballast that can be stopped and started again on the same port and data folder. */
export class RestartedBallast {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-client-"));
  readonly #more: string;
  #running: RunningBallast | undefined;
  #port = 0;

  constructor(yaml = "") {
    this.#more = yaml;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const yaml = [`data_dir: ${join(this.folder, "data")}`, `listen: { port: ${this.#port} }`, "stores: { warehouse: none }", this.#more];
    const config = parseConfig(yaml.join("\n"), "(test)", { environment: () => undefined });
    this.#running = await startBallast(config, { log: createLogger({ level: "silent" }) });
    this.#port = Number(new URL(this.#running.url).port);
    return this;
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async setBudget(tenant: string, limitUsd: number, model = "*"): Promise<void> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.#running!.adminToken}` };
    const body = JSON.stringify({ tenant_id: tenant, model, monthly_limit_usd: limitUsd });
    const answer = await fetch(`${this.url}/api/ai-budget/set`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** What the tenant's budgets count. */
  async usage(tenant: string): Promise<{ usd: number; inputTokens: number; outputTokens: number }> {
    const answer = await fetch(`${this.url}/api/ai-budget/tenant/${tenant}`);
    const { budgets } = (await answer.json()) as {
      budgets: { current_usage_usd: number; token_count_input: number; token_count_output: number }[];
    };
    return {
      usd: budgets.reduce((sum, each) => sum + each.current_usage_usd, 0),
      inputTokens: budgets.reduce((sum, each) => sum + each.token_count_input, 0),
      outputTokens: budgets.reduce((sum, each) => sum + each.token_count_output, 0),
    };
  }

  /** The ledger's own check of itself. */
  async findings(): Promise<readonly string[]> {
    return (await this.#running!.store.verify()).findings;
  }
}

/** `fetch`, and the paths it was called with. */
export function countingFetch(): { fetch: typeof fetch; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    fetch: (input, init) => {
      asked.push(new URL(String(input)).pathname);
      return fetch(input, init);
    },
  };
}

export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it does not hold after ${timeoutMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
