import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BudgetCatalog, type DefaultBudget } from "../../src/data/store/budget-catalog.ts";
import { CallJournal, journalEpochs, readJournal } from "../../src/data/store/call-journal.ts";
import { KeyRing } from "../../src/data/store/key-ring.ts";
import { LeaseDesk } from "../../src/data/store/lease-desk.ts";
import { LeverBoard } from "../../src/data/store/lever-board.ts";
import { BEAT_MS, ProcessLife, RECALL_POLL_MS } from "../../src/data/store/process-life.ts";
import { type Outcome, StoreEngine } from "../../src/data/store/store-engine.ts";
import type { LedgerStore, News } from "../../src/ports/ledger-store.ts";
import { Crash, crashingStore } from "./crashing-store.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What is around the processes of a history. */
export interface Surroundings {
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  readonly folder: string;
  readonly defaultBudget: DefaultBudget;
  /** False when the history comes to rest: then no request is lost any more. */
  faulty: boolean;
  readonly asks: (process: SimulatedProcess) => void;
  readonly carriedOut: (process: SimulatedProcess, operation: string, parameters: readonly unknown[], outcome: Outcome) => void;
}

/** What is left of a process at its next start: all it wrote, that with half a record behind it, less than that, or no volume at all. */
export type Remains = "journal" | "torn journal" | "journal of a machine that went down" | "damaged journal" | "nothing";

/** A gateway process as far as money goes: the real engine, journal, desk and heart, over one ledger file with others. */
export class SimulatedProcess {
  readonly name: string;
  readonly #around: Surroundings;
  readonly #folder: string;
  /** Counts its starts: what an earlier life still had to do is not done. */
  life = 0;
  running = false;
  /** It dies at the so manieth place from here at which it may. */
  armed = 0;
  /** Set at its death, until it is buried. */
  dying = false;
  /** Until when it sends no heartbeats, and answers no recalls: by itself, or since it is cut off. */
  silentUntilMs = 0;
  deafUntilMs = 0;
  engine!: StoreEngine;
  store!: LedgerStore;
  desk!: LeaseDesk;
  catalog!: BudgetCatalog;
  heart!: ProcessLife;
  /** Under which of its numbers it took each hold. */
  readonly epochOfHold = new Map<string, number>();
  #journal!: CallJournal;
  #listeners: ((news: News) => void)[] = [];
  #cut: { readonly until: Promise<void>; readonly end: () => void } | undefined;
  #boot = 1;
  #nextBeatMs = 0;
  #nextPollMs = 0;
  #busy = { beat: false, poll: false };

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.#folder = join(around.folder, name);
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  async start(): Promise<void> {
    const { random, time, folder, defaultBudget } = this.#around;
    this.life += 1;
    this.#listeners = [];
    this.#busy = { beat: false, poll: false };
    const options = { folder, journalFolder: this.#folder, name: this.name, bootId: `${this.name}-boot-${this.#boot}` };
    this.engine = new StoreEngine({ ...options, openedAt: time.storeMs }, () => time.storeMs);
    this.running = true;
    this.store = this.#connect();
    this.catalog = await BudgetCatalog.open(this.store, defaultBudget);
    const keys = await KeyRing.open(this.store, () => time.storeMs);
    this.#journal = new CallJournal(this.#folder, this.engine.epoch, 2000);
    this.desk = new LeaseDesk({
      store: this.store,
      catalog: this.catalog,
      journal: this.#crashingJournal(),
      beforeRetry: ({ error }) => (error instanceof Crash ? Promise.reject(error) : time.sleep(25)),
      steadyNow: () => time.steadyMs,
      after: (ms, call) => time.after(ms, call),
    });
    const { store, catalog: budgets, desk } = this;
    this.heart = new ProcessLife({ store, budgets, keys, desk, levers: new LeverBoard(), log: { warn: () => {} } });
    this.#nextBeatMs = time.steadyMs + random.whole(BEAT_MS);
    this.#nextPollMs = time.steadyMs + random.whole(RECALL_POLL_MS);
  }

  /** What it does by itself as time passes. */
  tick(): void {
    const now = this.#around.time.steadyMs;
    if (!this.running || this.dying || this.isCut) return;
    if (now >= this.#nextBeatMs && now >= this.silentUntilMs) {
      this.#nextBeatMs = now + BEAT_MS;
      this.#doOnce("beat", () => this.heart.beat());
    }
    if (now >= this.#nextPollMs && now >= this.deafUntilMs) {
      this.#nextPollMs = now + RECALL_POLL_MS;
      this.#doOnce("poll", () => this.heart.answerRecalls());
    }
  }

  hear(news: News): void {
    if (!this.running || this.dying || this.isCut || this.#around.time.steadyMs < this.deafUntilMs) return;
    for (const listener of this.#listeners) listener(news);
  }

  /** Nothing of it reaches the store until it is connected again. */
  cutOff(): void {
    if (this.#cut) return;
    const { promise: until, resolve: end } = Promise.withResolvers<void>();
    this.#cut = { until, end };
  }

  connect(): void {
    this.#cut?.end();
    this.#cut = undefined;
  }

  /** kill -9: no step of it is taken any more. */
  die(): void {
    this.dying = true;
    this.connect();
  }

  /** What was being written in its last turn is written, or is not. */
  async bury(remains: Remains): Promise<void> {
    const { random } = this.#around;
    this.running = false;
    this.armed = 0;
    this.silentUntilMs = 0;
    this.deafUntilMs = 0;
    const before = this.#journalFile();
    const length = before === undefined ? 0 : statSync(before).size;
    this.engine.abandon();
    await this.#journal.written();
    this.#journal.abandon();
    const journal = this.#journalFile();
    if (journal !== undefined && journal === before && random.chance(0.5)) truncateSync(journal, length);
    if (remains === "nothing") rmSync(this.#folder, { recursive: true });
    if (remains === "torn journal" && journal !== undefined) appendFileSync(journal, "0bad\ttorn");
    if (remains === "damaged journal" && journal !== undefined) damage(journal, random);
    if (remains === "journal of a machine that went down") {
      this.#boot += 1;
      if (journal !== undefined) truncateSync(journal, random.whole(statSync(journal).size + 1));
    }
    this.dying = false;
  }

  /** Whether a journal in its folder has the ending of the call. */
  remembersEndOf(holdId: string): boolean {
    return journalEpochs(this.#folder).some((epoch) => readJournal(this.#folder, epoch).endings.has(holdId));
  }

  #doOnce(what: "beat" | "poll", work: () => Promise<void>): void {
    const busy = this.#busy;
    if (busy[what]) return;
    busy[what] = true;
    work()
      .catch(() => {})
      .finally(() => {
        busy[what] = false;
      });
  }

  #connect(): LedgerStore {
    const { random, time } = this.#around;
    return crashingStore(this.engine, {
      mayCrash: this.#crashPoint(),
      turns: () => (random.chance(0.3) ? random.whole(12) : 0),
      loses: () => (this.#around.faulty && random.chance(0.04) ? random.pick(["request", "answer"] as const) : undefined),
      reachesStore: () => this.#cut?.until ?? Promise.resolve(),
      now: () => time.storeMs,
      asks: () => this.#around.asks(this),
      carriedOut: (operation, parameters, outcome) => this.#around.carriedOut(this, operation, parameters, outcome),
      onNews: (listener) => this.#listeners.push(listener),
    });
  }

  #crashingJournal(): ConstructorParameters<typeof LeaseDesk>[0]["journal"] {
    const journal = this.#journal;
    const mayCrash = this.#crashPoint();
    const around = async (write: () => Promise<void>) => {
      mayCrash("before the journal");
      await write();
      mayCrash("after the journal");
    };
    return {
      hold: (hold) => {
        this.epochOfHold.set(hold.holdId, this.store.epoch);
        return around(() => journal.hold(hold));
      },
      ending: (ending) => around(() => journal.ending(ending)),
      written: () => journal.written(),
      forget: (holdId) => journal.forget(holdId),
      renew: (epoch) => {
        mayCrash("before the journal is renewed");
        journal.renew(epoch);
      },
    };
  }

  #crashPoint(): (where: string) => void {
    const { life } = this;
    return (where) => {
      if (life !== this.life || !this.running || this.dying) throw new Crash("what a dead process still had to do");
      if (this.armed === 0) return;
      this.armed -= 1;
      if (this.armed > 0) return;
      this.die();
      throw new Crash(where);
    };
  }

  #journalFile(): string | undefined {
    const file = readdirSync(this.#folder).find((name) => name.endsWith(".journal"));
    return file === undefined ? undefined : join(this.#folder, file);
  }
}

/** Any record but the last one: that one would pass for torn. */
function damage(journal: string, random: SeededRandom): void {
  const lines = readFileSync(journal, "utf8").split("\n");
  const which = random.whole(Math.max(0, lines.length - 2));
  lines[which] = lines[which]!.replace(/^./, "x");
  if (lines.length > 2) writeFileSync(journal, lines.join("\n"));
}
