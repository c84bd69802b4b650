import cluster, { type Worker } from "node:cluster";
import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { Config } from "./config/config-schema.ts";
import { Problem } from "./contract/problem.ts";
import { SPREADS_CONNECTIONS } from "./listen.ts";
import { openLedgerStore } from "./open-gateway.ts";
import { siblingModule } from "./std/sibling-module.ts";
import type { CallFacts } from "./telemetry/call-tally.ts";

/** What a worker is told when it begins. */
export interface WorkerStart {
  readonly config: Config;
  readonly number: number;
  readonly journalFolder: string;
  readonly apiPort: number;
  readonly simUrls: ReadonlyMap<string, string>;
}

/** What a worker tells. */
export type WorkerNews =
  | { readonly kind: "ready" }
  | { readonly kind: "listens"; readonly port: number }
  | { readonly kind: "failed"; readonly code: string | null; readonly message: string; readonly details: Readonly<Record<string, unknown>> }
  | { readonly kind: "calls"; readonly ended: readonly { facts: CallFacts; isExceeded: boolean }[]; readonly inFlight: number };

export interface GatewayWorkersParts {
  readonly config: Config;
  readonly simUrls: ReadonlyMap<string, string>;
  /** Where this process serves the API, on loopback. */
  readonly apiPort: number;
  readonly log: Logger;
  readonly observe: (facts: CallFacts, isExceeded: boolean) => void;
  readonly inFlight: (calls: number) => void;
}

const RESTART_MS = 500;
/** As a server without workers gives itself (cli/restart-with-young-space.ts). */
const YOUNG_SPACE = ["--min-semi-space-size=64", "--max-semi-space-size=64"];

/** Gateway processes on one address, which use the cores of this machine. One that dies is started again, and recovers its own journal. */
export class GatewayWorkers {
  readonly #parts: GatewayWorkersParts;
  readonly #workers = new Map<number, Worker>();
  readonly #inFlight = new Map<number, number>();
  #port: number;
  #closing = false;

  constructor(parts: GatewayWorkersParts) {
    this.#parts = parts;
    this.#port = parts.config.listen.port;
    cluster.setupPrimary({
      exec: fileURLToPath(siblingModule(import.meta.url, "./gateway-worker")),
      args: [],
      execArgv: [...YOUNG_SPACE, ...process.execArgv.filter((option) => !option.includes("semi-space-size"))],
      serialization: "advanced",
    });
  }

  /** @returns the port that all of them listen on @throws Problem of the first that cannot start */
  async start(count: number): Promise<number> {
    // The first finds the port, where any is wanted.
    await this.#fork(1);
    await Promise.all(Array.from({ length: count - 1 }, (_, index) => this.#fork(index + 2)));
    return this.#port;
  }

  inFlight(): number {
    return [...this.#inFlight.values()].reduce((sum, calls) => sum + calls, 0);
  }

  /** Lets calls under way end. */
  async close(): Promise<void> {
    this.#closing = true;
    const ended = [...this.#workers.values()].map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
    for (const worker of this.#workers.values()) if (worker.isConnected()) worker.send("stop");
    await Promise.all(ended);
  }

  #fork(number: number): Promise<void> {
    const { config, apiPort, simUrls, log } = this.#parts;
    const worker = cluster.fork();
    this.#workers.set(number, worker);
    const journalFolder = workerFolder(join(config.data_dir, "ledger"), number);
    // A port that was found is the one that the others take; who is handed connections asks as the first one did.
    const listen = SPREADS_CONNECTIONS ? { ...config.listen, port: this.#port } : config.listen;
    const start: WorkerStart = { config: { ...config, listen }, number, journalFolder, apiPort, simUrls };
    // A word that does not reach a worker that is gone: its exit is what counts.
    worker.on("error", (error) => log.debug({ worker: number, err: error }, "a worker could not be told"));
    return new Promise((resolve, reject) => {
      let listens = false;
      worker.on("message", (news: WorkerNews) => {
        // What is sent before a worker listens for it is lost.
        if (news.kind === "ready") worker.send(start);
        else if (news.kind === "listens") {
          listens = true;
          this.#port = news.port;
          resolve();
        } else if (news.kind === "failed") {
          const cause = new Error(news.message);
          reject(news.code === null ? cause : new Problem(news.code as Problem["code"], news.details, { message: news.message }));
        } else this.#noteCalls(number, news);
      });
      worker.once("exit", (code, signal) => {
        this.#workers.delete(number);
        this.#noteInFlight(number, 0);
        if (!listens) reject(new Error(`worker ${number} ended with ${code ?? signal} before it listened`));
        else if (!this.#closing) {
          log.error({ worker: number, code, signal }, "a worker ended; it is started again, and finds its calls in its journal");
          setTimeout(() => this.#forkAgain(number), RESTART_MS);
        }
      });
    });
  }

  #forkAgain(number: number): void {
    if (this.#closing) return;
    this.#fork(number).catch((error: unknown) => {
      this.#parts.log.error({ worker: number, err: error }, "a worker could not be started; trying again");
      setTimeout(() => this.#forkAgain(number), 10 * RESTART_MS);
    });
  }

  #noteCalls(number: number, { ended, inFlight }: Extract<WorkerNews, { kind: "calls" }>): void {
    for (const { facts, isExceeded } of ended) this.#parts.observe(facts, isExceeded);
    this.#noteInFlight(number, inFlight);
  }

  #noteInFlight(number: number, calls: number): void {
    this.#inFlight.set(number, calls);
    this.#parts.inFlight(this.inFlight());
  }
}

function workerFolder(ledgerFolder: string, number: number): string {
  return join(ledgerFolder, `worker-${number}`);
}

/** There may have been more workers at the last start, or some where now there are none: what they left behind is put right by its journal. */
export async function recoverFormerWorkers(config: Config, ledgerFolder: string, workers: number): Promise<void> {
  if (!existsSync(ledgerFolder)) return;
  const comesBack = (number: number) => workers > 1 && number <= workers;
  for (const entry of readdirSync(ledgerFolder)) {
    const number = Number(/^worker-(\d+)$/.exec(entry)?.[1] ?? 0);
    if (number === 0 || comesBack(number)) continue;
    const journalFolder = workerFolder(ledgerFolder, number);
    if (!readdirSync(journalFolder).some((file) => file.endsWith(".journal"))) continue;
    const name = `${hostname()}:${process.pid}`;
    await (await openLedgerStore(config, { journalFolder, shared: true, name, doesJobs: false, simUrls: new Map() })).close();
  }
}
