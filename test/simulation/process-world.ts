import { join } from "node:path";
import { Problem } from "../../src/contract/problem.ts";
import { SqliteDatabase } from "../../src/data/store/sqlite-database.ts";
import type { Outcome } from "../../src/data/store/store-engine.ts";
import type { Beat, LeaseAnswer, LeaseRequest, News, Return, TrackAnswer, TrackRequest } from "../../src/ports/ledger-store.ts";
import { Crash, LostAnswer } from "./crashing-store.ts";
import { ProcessLaws } from "./process-laws.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { type Remains, SimulatedProcess, type Surroundings } from "./simulated-process.ts";
import { VirtualTime } from "./virtual-time.ts";

export const LIMITS = { window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [50, 80, 100], warnPercent: 80 } as const;
/** What one turn of the event loop takes while something is under way. */
const TURN_MS = 5;
/** By the protocol: who was heard of more recently is not taken for dead. */
const SILENT_MS = 3000;
const LOSSES: readonly Remains[] = ["journal of a machine that went down", "damaged journal", "nothing"];
/** What the store may answer a process that does not know of it yet. */
const REFUSED = "process_fenced";

/** Several processes on one ledger file, the time that passes for them, what is under way in them, and what is heard between them. */
export class ProcessWorld {
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  readonly processes: readonly SimulatedProcess[];
  readonly laws: ProcessLaws;
  readonly mayOverrun: boolean;
  crashes = 0;
  readonly #around: Surroundings;
  readonly #ledger: SqliteDatabase;
  readonly #underWay = new Map<Promise<void>, SimulatedProcess>();
  /** Of each number: whose it is, in which life, and when the store last heard of it. */
  readonly #numbers = new Map<number, { readonly process: SimulatedProcess; readonly life: number; heardMs: number }>();
  #mistake: unknown;

  constructor(random: SeededRandom, folder: string) {
    this.random = random;
    this.time = new VirtualTime(Date.parse("2026-11-01T00:00:00Z") - random.whole(90_000));
    this.mayOverrun = random.chance(0.3);
    this.#around = {
      random,
      time: this.time,
      folder,
      defaultBudget: { ...LIMITS, limitNano: 500n },
      faulty: true,
      asks: (process) => this.laws.sample(process),
      carriedOut: (process, operation, parameters, outcome) => this.#carriedOut(process, operation, parameters, outcome),
    };
    this.processes = ["p1", "p2", "p3", "p4"].slice(0, 2 + random.whole(3)).map((name) => new SimulatedProcess(name, this.#around));
    this.#ledger = new SqliteDatabase(join(folder, "ledger.sqlite"), { shared: true, clock: () => this.time.storeMs });
    this.laws = new ProcessLaws(this.#ledger, this.mayOverrun);
  }

  running(): SimulatedProcess[] {
    return this.processes.filter(({ running, dying }) => running && !dying);
  }

  anyRunning(): SimulatedProcess | undefined {
    const running = this.running();
    return running.length === 0 ? undefined : this.random.pick(running);
  }

  async start(process: SimulatedProcess): Promise<void> {
    await process.start();
    this.#numbers.set(process.engine.epoch, { process, life: process.life, heardMs: this.time.storeMs });
  }

  /** Whether nobody can send a call under the number any more. */
  isDead(epoch: number): boolean {
    const known = this.#numbers.get(epoch);
    return known !== undefined && (known.process.life !== known.life || !known.process.running);
  }

  /** Begins something, and does not wait for it. */
  launch(process: SimulatedProcess, work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        const expected =
          error instanceof Crash || error instanceof LostAnswer || (error instanceof Problem && error.code === "store_unavailable");
        if (!expected) this.#mistake ??= error;
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.set(done, process);
  }

  /** Whether anything is under way that is not held up by a cut connection. */
  isBusy(): boolean {
    return [...this.#underWay.values()].some(({ isCut }) => !isCut);
  }

  /** Lets so many turns pass, fewer when nothing is under way. @returns whether nothing is */
  async settle(mostTurns: number): Promise<boolean> {
    for (let turn = 0; turn < mostTurns && this.isBusy(); turn++) await this.pass(TURN_MS);
    await this.pass(TURN_MS);
    return !this.isBusy();
  }

  async pass(ms: number): Promise<void> {
    await this.time.pass(ms);
    for (const process of this.processes) {
      if (process.dying) await this.#bury(process);
      if (process.running) this.laws.sample(process);
      process.tick();
    }
    if (this.#mistake !== undefined) throw this.#mistake;
  }

  /** From here on nothing goes wrong any more. */
  calm(): void {
    this.#around.faulty = false;
    for (const process of this.processes) {
      process.armed = 0;
      process.silentUntilMs = 0;
      process.deafUntilMs = 0;
      process.connect();
    }
  }

  end(): void {
    for (const process of this.processes.filter(({ running }) => running)) {
      process.die();
      process.running = false;
      process.engine.abandon();
    }
    this.#ledger.close();
  }

  async #bury(process: SimulatedProcess): Promise<void> {
    this.crashes += 1;
    const whole = this.random.chance(0.7);
    const remains = this.random.pick<Remains>(whole ? ["journal", "torn journal"] : LOSSES);
    await process.bury(remains);
    if (!whole) this.laws.lose(process);
  }

  #carriedOut(process: SimulatedProcess, operation: string, parameters: readonly unknown[], outcome: Outcome): void {
    if (!outcome.ok) {
      if (!(outcome.error instanceof Problem && outcome.error.code === REFUSED)) this.#mistake ??= outcome.error;
      return;
    }
    const { epoch } = process.engine;
    const now = this.time.storeMs;
    if (operation === "rejoin") this.#numbers.set(epoch, { process, life: process.life, heardMs: now });
    else if (operation === "beat") {
      const own = this.#numbers.get(epoch)!;
      const { expired } = outcome.value as Beat;
      if (expired.length > 0 && own.heardMs < now - SILENT_MS)
        this.#mistake ??= new Error(`the process ${epoch} judges, and is silent itself`);
      own.heardMs = now;
      for (const { epoch: silent } of expired) {
        if (this.#numbers.get(silent)!.heardMs >= now - SILENT_MS)
          this.#mistake ??= new Error(`the process ${silent} is healthy, and expired`);
      }
    } else if (operation === "track") this.#noteTracked(parameters[0] as TrackRequest, outcome.value as TrackAnswer);
    else if (operation === "lease") this.#tellOfRecall(process, parameters[0] as LeaseRequest, outcome.value as LeaseAnswer);
    else if (operation === "giveBack") {
      for (const { account, answers } of parameters[0] as readonly Return[]) {
        if (answers !== undefined) this.#tellOthers(process, { kind: "returned", account });
      }
    }
  }

  #noteTracked({ amountNano }: TrackRequest, answer: TrackAnswer): void {
    if (answer.outcome !== "booked") return;
    for (const { id } of answer.accounts) this.laws.tracked.set(id, (this.laws.tracked.get(id) ?? 0n) + amountNano);
  }

  #tellOfRecall(process: SimulatedProcess, request: LeaseRequest, answer: LeaseAnswer): void {
    if (answer.outcome !== "short" || !answer.recall) return;
    const { id: account } = answer.account;
    if (request.recalls?.[account] === undefined) this.#tellOthers(process, { kind: "recall", account, number: answer.recall.number });
  }

  /** As the database would, with a connection that may be slow or gone: who hears nothing has to ask. */
  #tellOthers(from: SimulatedProcess, news: News): void {
    for (const process of this.processes) {
      if (process !== from && this.random.chance(0.6)) this.time.after(this.random.whole(80), () => process.hear(news));
    }
  }
}
