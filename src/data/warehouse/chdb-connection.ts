import { Problem } from "../../contract/problem.ts";
import type { ChdbReport, ChdbRequest } from "./chdb-messages.ts";
import { type ChdbRun, startChdb } from "./chdb-process.ts";
import { type EngineParameters, EngineRefusal, readRows, type WarehouseConnection } from "./warehouse-connection.ts";

/** As pino has it. */
export interface WarehouseLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** How long a request waits for an engine that is being restarted. */
const WAIT_FOR_ENGINE_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** An engine with nothing left to do that has not ended by then is killed; what it acknowledged is on the disk. */
const LEAVE_WITHIN_MS = 10_000;
/** An engine that ran this long was not the reason that the next one starts. */
const STABLE_AFTER_MS = 60_000;

/** The embedded engine behind its process: asks, and starts a new process whenever one ends that was not told to. */
export class ChdbConnection implements WarehouseConnection {
  readonly #dir: string;
  readonly #log: WarehouseLog;
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();
  #nextId = 1;
  #backoffMs = FIRST_BACKOFF_MS;
  #closing: Promise<void> | undefined;
  #run: ChdbRun | undefined;
  #starting: Promise<void> | undefined;
  /** Settles with the run that is on, or with the next one. */
  #nextRun = Promise.withResolvers<ChdbRun>();

  private constructor(dir: string, log: WarehouseLog) {
    this.#dir = dir;
    this.#log = log;
  }

  /** @throws Problem as startChdb does */
  static async open(dir: string, log: WarehouseLog): Promise<ChdbConnection> {
    const connection = new ChdbConnection(dir, log);
    await connection.#startOnce();
    return connection;
  }

  /** Of the engine's process, for metrics; undefined while there is none. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  async rows(statement: string, parameters: EngineParameters) {
    return readRows(await this.#ask((id) => ({ kind: "rows", id, statement, parameters })));
  }

  async insert(statement: string, body: string): Promise<void> {
    await this.#ask((id) => ({ kind: "insert", id, statement, body }));
  }

  async insertFile(statement: string, path: string): Promise<void> {
    await this.#ask((id) => ({ kind: "insert_file", id, statement, path }));
  }

  async command(statement: string, parameters: EngineParameters): Promise<void> {
    await this.#ask((id) => ({ kind: "command", id, statement, parameters }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #startOnce(): Promise<void> {
    this.#starting = this.#start();
    await this.#starting.finally(() => {
      this.#starting = undefined;
    });
  }

  async #start(): Promise<void> {
    const startedAt = performance.now();
    const run = await startChdb(this.#dir, (report) => this.#receive(report));
    const startMs = Math.round(performance.now() - startedAt);
    this.#log.info({ pid: run.pid, startMs, migrations: run.migrations }, "the embedded warehouse is ready");
    this.#run = run;
    this.#nextRun.resolve(run);
    void run.ended.then((end) => this.#ended(end, performance.now() - startedAt));
  }

  #ended({ how, lastWords }: { how: string; lastWords: string }, ranMs: number): void {
    this.#run = undefined;
    this.#nextRun = Promise.withResolvers<ChdbRun>();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Problem("warehouse_unavailable", { reason: `the engine ended: ${how}` }));
    if (this.#closing) return;
    this.#log.warn({ how, lastWords, interrupted: waiting.length }, "the embedded warehouse ended by itself and is started again");
    if (ranMs > STABLE_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#restartLater();
  }

  #restartLater(): void {
    const inMs = this.#backoffMs;
    this.#backoffMs = Math.min(2 * inMs, LONGEST_BACKOFF_MS);
    setTimeout(() => {
      if (this.#closing) return;
      this.#startOnce().catch((error: unknown) => {
        this.#log.warn({ err: error, againInMs: this.#backoffMs }, "the embedded warehouse does not start");
        this.#restartLater();
      });
    }, inMs).unref();
  }

  #receive(report: ChdbReport): void {
    if (report.kind !== "answer" && report.kind !== "refused") return;
    const waiting = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if (report.kind === "answer") waiting?.resolve(report.text);
    else waiting?.reject(new EngineRefusal(report.engineCode, report.message));
  }

  async #ask(request: (id: number) => ChdbRequest): Promise<string> {
    if (this.#closing) throw closed();
    const run = this.#run ?? (await this.#untilRunning());
    if (this.#closing) throw closed();
    const id = this.#nextId++;
    const answer = Promise.withResolvers<string>();
    this.#waiting.set(id, answer);
    run.send(request(id));
    return await answer.promise;
  }

  async #untilRunning(): Promise<ChdbRun> {
    const tooLong = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      tooLong.reject(new Problem("warehouse_unavailable", { reason: "the engine is being started again" }));
    }, WAIT_FOR_ENGINE_MS);
    try {
      return await Promise.race([this.#nextRun.promise, tooLong.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #close(): Promise<void> {
    await this.#starting?.catch(() => {});
    const run = this.#run;
    if (run === undefined) return;
    // The engine carries out first what was asked before; each read ends by itself, see READ_SETTINGS.
    run.send({ kind: "close" });
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    const timer = setTimeout(() => run.kill(), LEAVE_WITHIN_MS);
    await run.ended;
    clearTimeout(timer);
  }
}

function closed(): Problem {
  return new Problem("warehouse_unavailable", { reason: "the warehouse is closed" });
}
