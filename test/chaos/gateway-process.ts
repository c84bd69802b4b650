import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { StoreLine } from "./store-line.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli/ballast.ts", import.meta.url));
const CLOCK = fileURLToPath(new URL("shift-clock.ts", import.meta.url));

export const ADMIN_TOKEN = "chaos-admin";

/** One gateway of a chaos run: the real program, its folder, and its line to the database. */
export class GatewayProcess {
  readonly name: string;
  readonly line: StoreLine;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  url = "";

  private constructor(name: string, folder: string, line: StoreLine) {
    this.name = name;
    this.#folder = folder;
    this.line = line;
  }

  static async prepare(name: string, folder: string, databasePort: number, database: string, providerUrl: string): Promise<GatewayProcess> {
    const line = await StoreLine.open(databasePort);
    mkdirSync(folder, { recursive: true });
    const settings = {
      data_dir: join(folder, "data"),
      listen: { port: 0 },
      admin_token: ADMIN_TOKEN,
      providers: [
        {
          name: "openai",
          kind: "openai-compatible",
          base_url: `${providerUrl}/v1`,
          api_key: "sk-sim",
          price_list: "openai",
          models: ["gpt-*"],
          retries: 1,
        },
      ],
      stores: { ledger: `postgres://ballast@127.0.0.1:${line.port}/${database}`, warehouse: "none" },
      gateway: { drain_max_ms: 300 },
      default_budget: null,
      telemetry: { log_level: "warn" },
    };
    writeFileSync(join(folder, "ballast.yaml"), JSON.stringify(settings));
    return new GatewayProcess(name, folder, line);
  }

  get pid(): number | undefined {
    const child = this.#child;
    return child && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** @returns milliseconds until it serves */
  async start(): Promise<number> {
    const startedAt = performance.now();
    const options = ["--import", CLOCK, PROGRAM, "serve", "--json", "--config", join(this.#folder, "ballast.yaml")];
    const child = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let said = "";
    child.stderr!.on("data", (piece: Buffer) => {
      said = (said + piece).slice(-4000);
      appendFileSync(join(this.#folder, "log"), piece);
    });
    const lines = createInterface({ input: child.stdout! });
    this.url = await new Promise<string>((resolve, reject) => {
      lines.once("line", (line) => resolve((JSON.parse(line) as { url: string }).url));
      child.once("exit", (code, signal) => reject(new Error(`${this.name} ended with ${code ?? signal} before it listened:\n${said}`)));
    });
    return performance.now() - startedAt;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || this.pid === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(signal);
    await ended;
  }

  async api<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${ADMIN_TOKEN}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(this.url + path, {
      method,
      headers,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
}
