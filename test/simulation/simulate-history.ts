import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { availableNano, type Budget } from "../../src/core/ledger/budget.ts";
import { selectorKey } from "../../src/core/scope/scope.ts";
import { BudgetCatalog } from "../../src/data/store/budget-catalog.ts";
import { CallJournal } from "../../src/data/store/call-journal.ts";
import { type HeldMoney, LeaseDesk } from "../../src/data/store/lease-desk.ts";
import { StoreEngine } from "../../src/data/store/store-engine.ts";
import type { Ending, EndingAnswer, StoreFindings } from "../../src/ports/ledger-store.ts";
import { Crash, crashingStore, LostAnswer } from "./crashing-store.ts";
import { SeededRandom } from "./seeded-random.ts";

export interface HistoryReport {
  readonly seed: number;
  readonly steps: number;
  readonly crashes: number;
  readonly calls: number;
  readonly refused: number;
}

/** A call in the world: what the provider will bill, whatever we come to know. */
interface WorldCall {
  readonly holdId: string;
  readonly tenant: string;
  readonly costNano: bigint;
  readonly hold: HeldMoney;
  /** The caller has been told of the end: its booking must survive everything. */
  acknowledged: boolean;
  kind: "open" | "settle" | "release" | "doubt";
  /** The store has acknowledged the ending; until then it lives in the journal, which a power cut may take. */
  stored: boolean;
  /** A power cut has taken all that was known of it alone. */
  lost: boolean;
}

const TENANTS = ["a", "b", "c"];
const MODELS = ["small", "large"];

/**
 * One seeded history of calls, endings, repeats, tracked usage, budget changes and crashes between any two steps, over the real store,
 * journal and desk. After each step the invariants of the design are checked against what really happened in the world.
 */
export async function simulateHistory(seed: number, steps: number, folder: string): Promise<HistoryReport> {
  const dir = mkdtempSync(join(folder, "history-"));
  try {
    return await new History(seed, dir).run(steps);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

class History {
  readonly #random: SeededRandom;
  readonly #seed: number;
  readonly #dir: string;
  readonly #calls: WorldCall[] = [];
  /** Without tracked usage and lowered limits no hard account may ever pass its limit. */
  readonly #mayOverrun: boolean;
  #trackedNano = 0n;
  #engine!: StoreEngine;
  #desk!: LeaseDesk;
  #catalog!: BudgetCatalog;
  #store!: ReturnType<typeof crashingStore>;
  #journal!: CallJournal;
  #now = Date.parse("2026-10-31T23:00:00Z");
  #crashes = 0;
  #refused = 0;
  #armed = 0;
  #lastId = 0;
  #boot = 1;
  #dead = false;

  constructor(seed: number, dir: string) {
    this.#seed = seed;
    this.#dir = dir;
    this.#random = new SeededRandom(seed);
    this.#mayOverrun = this.#random.chance(0.3);
  }

  async run(steps: number): Promise<HistoryReport> {
    await this.#open();
    for (let step = 0; step < steps; step++) {
      this.#now += this.#random.whole(this.#random.chance(0.05) ? 3_000_000 : 2000);
      // A clock that jumps back must not lose or double anything.
      if (this.#random.chance(0.02)) this.#now -= 3_600_000;
      this.#armed = this.#random.chance(0.12) ? 1 + this.#random.whole(4) : 0;
      try {
        await this.#step();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      // The process may also have died while nobody waited: an ending was on its way to the store.
      if (this.#dead) await this.#crash();
      this.#armed = 0;
      this.#check();
    }
    // With a request that waits behind all others nothing is on its way any more.
    await this.#store.accounts([], this.#now);
    await this.#giveBackIdle("all");
    this.#check();
    this.#journal.abandon();
    this.#engine.close(this.#now, true);
    return { seed: this.#seed, steps, crashes: this.#crashes, calls: this.#calls.length, refused: this.#refused };
  }

  async #step(): Promise<void> {
    const chance = this.#random.next();
    if (chance < 0.4) await this.#startCall();
    else if (chance < 0.7) await this.#endCall();
    else if (chance < 0.85) await this.#overlap();
    else if (chance < 0.88) await this.#repeatEnding();
    else if (chance < 0.91) await this.#giveBackIdle(this.#random.chance(0.5) ? "all" : "ended_windows");
    else if (chance < 0.94) await this.#resolveDoubt();
    else if (chance < 0.97 && this.#mayOverrun) await this.#track();
    else if (this.#mayOverrun || this.#random.chance(0.3)) await this.#changeBudget();
  }

  async #startCall(): Promise<void> {
    const tenant = this.#random.pick(TENANTS);
    const scope = { tenant, model: this.#random.pick(MODELS), team: "t" };
    const amountNano = BigInt(this.#random.whole(this.#random.chance(0.2) ? 400 : 60));
    const holdId = `h${++this.#lastId}`;
    const result = await this.#desk.hold(holdId, [scope], amountNano, this.#now).catch((error: unknown) => {
      // No answer from the store, and no call: as the gateway would refuse it.
      if (error instanceof LostAnswer || (error as { code?: string }).code === "store_unavailable") return undefined;
      throw error;
    });
    if (!result) return;
    if (result.outcome === "refused") {
      this.#refused += 1;
      // Right at the moment it is given: what is free does not carry the call.
      const { account } = result;
      if (account.freeNano >= amountNano)
        throw new Error(`a phantom denial: ${amountNano} refused with ${account.freeNano} free on ${account.id}`);
      return;
    }
    const costNano = (amountNano * BigInt(this.#random.whole(101))) / 100n;
    this.#calls.push({ holdId, tenant, costNano, hold: result.hold, acknowledged: false, kind: "open", stored: false, lost: false });
  }

  async #endCall(): Promise<void> {
    const open = this.#calls.filter((call) => call.kind === "open" && !call.acknowledged);
    if (open.length === 0) return;
    const call = this.#random.pick(open);
    const kind = this.#random.chance(0.75) ? "settle" : call.costNano === 0n && this.#random.chance(0.5) ? "release" : "doubt";
    await this.#desk.end(this.#ending(call, kind));
    call.kind = kind;
    call.acknowledged = true;
  }

  /** Calls begin while another's ending is on its way to the disk. */
  async #overlap(): Promise<void> {
    const outcomes = await Promise.allSettled([this.#endCall(), this.#startCall(), this.#startCall()]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    const mistake = failures.find((failure) => !(failure instanceof Crash));
    if (mistake ?? failures[0]) throw mistake ?? failures[0];
  }

  /** The same ending again, as a retry after a lost answer would send it. */
  async #repeatEnding(): Promise<void> {
    const ended = this.#calls.filter((call) => call.stored);
    if (ended.length === 0) return;
    const call = this.#random.pick(ended);
    const { applied } = await this.#storeEnd(this.#ending(call, call.kind === "open" ? "settle" : call.kind));
    if (applied) throw new Error(`the hold ${call.holdId} ended twice`);
  }

  async #giveBackIdle(which: "all" | "ended_windows"): Promise<void> {
    await this.#desk.giveBackIdle(which, this.#now).catch((error: unknown) => {
      if (!(error instanceof LostAnswer)) throw error;
    });
  }

  async #storeEnd(ending: Ending): Promise<EndingAnswer> {
    for (;;) {
      try {
        return await this.#store.end(ending);
      } catch (error) {
        if (!(error instanceof LostAnswer)) throw error;
      }
    }
  }

  #ending(call: WorldCall, kind: "settle" | "release" | "doubt") {
    return {
      kind,
      holdId: call.holdId,
      accounts: call.hold.accounts,
      heldNano: call.hold.amountNano,
      amountNano: kind === "settle" ? call.costNano : 0n,
      inputTokens: 1,
      outputTokens: 1,
      at: this.#now,
      tenant: call.tenant,
      trace: JSON.stringify({ trace_id: call.holdId }),
    };
  }

  async #resolveDoubt(): Promise<void> {
    const [hold] = await this.#store.holdsInDoubt(1);
    if (!hold) return;
    const call = this.#calls.find((candidate) => candidate.holdId === hold.holdId);
    // A lease in doubt as a whole covers calls that its journal has lost: worth what they cost together, unknown here.
    const amountNano = call ? call.costNano : hold.heldNano;
    await this.#store.resolveDoubt({ holdId: hold.holdId, amountNano, at: this.#now, actor: "operator", reason: "invoice" });
  }

  async #track(): Promise<void> {
    const tenant = this.#random.pick(TENANTS);
    const scope = { tenant, model: this.#random.pick(MODELS), team: "t" };
    const amountNano = BigInt(this.#random.whole(300));
    const budgets = [...this.#catalog.matching(scope), ...this.#catalog.due(scope, this.#now)];
    const [account] = await this.#desk.status([budgets[0]!.id], this.#now);
    const request = {
      requestId: `t${++this.#lastId}`,
      at: this.#now,
      tenant,
      wants: account ? [{ budgetId: account.budgetId, window: account.window }] : [],
      create: [],
      amountNano,
      inputTokens: 1,
      outputTokens: 1,
      fingerprint: "f",
      trace: JSON.stringify({ trace_id: `t${this.#lastId}` }),
    };
    const first = await this.#store.track(request);
    if (first.outcome === "booked") this.#trackedNano += amountNano;
    const again = await this.#store.track(request);
    if (again.outcome !== "repeated") throw new Error("the same request was booked twice");
  }

  async #changeBudget(): Promise<void> {
    const budget = this.#random.pick(this.#catalog.all());
    const factor = this.#mayOverrun ? 50 + this.#random.whole(100) : 100 + this.#random.whole(50);
    const limitNano = (budget.limitNano * BigInt(factor)) / 100n;
    const change = { actor: "operator", action: "budget.set", target: budget.id, reason: "", before: null, after: null };
    await this.#catalog.put({ ...budget, limitNano, updatedAt: this.#now }, change).catch((error: unknown) => {
      // The leases were to be given back after it.
      if (!(error instanceof LostAnswer)) throw error;
    });
  }

  async #open(): Promise<void> {
    this.#engine = new StoreEngine({ folder: this.#dir, bootId: `boot-${this.#boot}`, openedAt: this.#now });
    const turns = () => (this.#random.chance(0.3) ? this.#random.whole(12) : 0);
    const life = this.#crashes;
    const mayCrash = (where: string) => {
      if (life !== this.#crashes) throw new Crash("what a dead process still had to do");
      this.#mayCrash(where);
    };
    const loses = () => (this.#random.chance(0.03) ? "answer" : undefined);
    this.#store = crashingStore(this.#engine, { mayCrash, turns, loses });
    const limits = { window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [50, 80, 100], warnPercent: 80 } as const;
    this.#catalog = await BudgetCatalog.open(this.#store, { ...limits, limitNano: 500n });
    if (this.#catalog.all().length === 0) {
      for (const selector of [{ team: "t" }, { tenant: "a", model: "large" }]) {
        const stamps = { createdAt: this.#now, updatedAt: this.#now, origin: "config", covers: "all" } as const;
        const budget: Budget = { ...limits, ...stamps, id: selectorKey(selector), selector, limitNano: 800n };
        const change = { actor: "config", action: "budget.set", target: budget.id, reason: "", before: null, after: null };
        await this.#catalog.put(budget, change);
      }
    }
    const journal = new CallJournal(this.#dir, this.#engine.epoch, 2000);
    this.#journal = journal;
    const around = async (write: () => Promise<void>) => {
      mayCrash("before the journal");
      await write();
      mayCrash("after the journal");
    };
    this.#desk = new LeaseDesk({
      store: this.#store,
      catalog: this.#catalog,
      journal: {
        hold: (hold) => around(() => journal.hold(hold)),
        ending: (ending) => around(() => journal.ending(ending)),
        written: () => journal.written(),
        renew: (epoch) => journal.renew(epoch),
        forget: (holdId) => {
          journal.forget(holdId);
          const call = this.#calls.find((candidate) => candidate.holdId === holdId);
          if (call) call.stored = true;
        },
      },
      beforeRetry: ({ error }) => (error instanceof LostAnswer ? Promise.resolve() : Promise.reject(error)),
    });
  }

  #mayCrash(where: string): void {
    if (this.#dead) throw new Crash(where);
    if (this.#armed === 0) return;
    this.#armed -= 1;
    if (this.#armed > 0) return;
    this.#dead = true;
    throw new Crash(where);
  }

  /** kill -9, and sometimes a torn last record, or the whole machine with it; then the next start. */
  async #crash(): Promise<void> {
    this.#crashes += 1;
    this.#armed = 0;
    this.#dead = false;
    this.#engine.abandon();
    this.#journal.abandon();
    // Nobody is left who could end these calls, or who was told of an ending that was just being written.
    for (const call of this.#calls) {
      if (call.acknowledged) continue;
      call.acknowledged = true;
      call.kind = "doubt";
    }
    const journals = readdirSync(this.#dir).filter((file) => file.endsWith(".journal"));
    const journal = journals[0] && join(this.#dir, journals[0]);
    if (this.#random.chance(0.1)) {
      // The machine went down: the end of the journal never reached the disk, and with it what only the journal knew.
      this.#boot += 1;
      if (journal) truncateSync(journal, this.#random.whole(statSync(journal).size + 1));
      for (const call of this.#calls) {
        if (call.stored) continue;
        call.kind = "doubt";
        call.lost = true;
      }
    } else {
      if (journal && this.#random.chance(0.3)) appendFileSync(journal, "0bad\ttorn");
      // What a caller was told must be booked by the next start.
      for (const call of this.#calls) if (!call.lost) call.stored = true;
    }
    await this.#open();
  }

  #check(): void {
    const [outcome] = this.#engine.run([{ operation: "verify", parameters: [] }]);
    if (!outcome?.ok) throw outcome?.error;
    const { findings } = outcome.value as StoreFindings;
    if (findings.length > 0) throw new Error(findings.join(" "));
    this.#checkAccounts();
  }

  #checkAccounts(): void {
    const ids = new Set(this.#calls.flatMap((call) => call.hold.accounts));
    for (const id of ids) {
      const [budgetId, start] = id.split("@");
      const [outcome] = this.#engine.run([{ operation: "accounts", parameters: [[budgetId], Date.parse(start!)] }]);
      const account = (outcome as { value: Parameters<typeof availableNano>[0][] }).value[0]!;
      if (!this.#mayOverrun && availableNano(account) < 0n) throw new Error(`${id} is over its limit by ${-availableNano(account)}`);
      const mine = this.#calls.filter((call) => call.hold.accounts.includes(id));
      // What the provider billed is booked, in doubt, or held within a lease: it is never forgotten.
      const billedNano = mine.reduce((sum, call) => sum + call.costNano, 0n);
      if (billedNano > account.spentNano + account.inDoubtNano + account.leasedNano) throw new Error(`${id} has forgotten a call`);
      const acknowledgedNano = mine.filter((call) => call.kind === "settle" && call.stored).reduce((sum, call) => sum + call.costNano, 0n);
      if (account.spentNano < acknowledgedNano) throw new Error(`${id} lost an acknowledged settlement`);
    }
  }
}
