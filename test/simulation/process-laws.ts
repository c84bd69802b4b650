import { type Account, availableNano } from "../../src/core/ledger/budget.ts";
import { type Posting, post } from "../../src/core/ledger/posting.ts";
import { splitAccounts } from "../../src/data/store/chained-rows.ts";
import type { HoldResult } from "../../src/data/store/lease-desk.ts";
import type { SqlRow } from "../../src/data/store/ledger-database.ts";
import { lostLeaseId } from "../../src/data/store/lost-lease.ts";
import { accountOfRow } from "../../src/data/store/row-shapes.ts";
import type { SqliteDatabase } from "../../src/data/store/sqlite-database.ts";
import { verifyStore } from "../../src/data/store/verify-store.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** A call in the world: from the moment it is sent the provider bills it, whatever anybody comes to know. */
export interface SentCall {
  readonly holdId: string;
  readonly tenant: string;
  readonly heldNano: bigint;
  readonly costNano: bigint;
  readonly accounts: readonly string[];
  readonly process: SimulatedProcess;
  readonly life: number;
  /** Its process's number that it was held under. */
  readonly epoch: number;
  state: "open" | "ending" | "told";
  kind: "settle" | "release" | "doubt";
  /** The journal that knew of it is gone. */
  lost: boolean;
}

/** What lay idle in other processes all the time that a call waited. */
export interface IdleWatch {
  readonly asker: SimulatedProcess;
  readonly accounts: readonly string[];
  readonly least: Map<SimulatedProcess, Map<string, bigint>>;
}

/** What must be true of the ledger whatever happens, compared with what really happened. Reads the ledger's file by itself. */
export class ProcessLaws {
  readonly calls: SentCall[] = [];
  /** Reported after the fact, by account. */
  readonly tracked = new Map<string, bigint>();
  /** Numbers whose leases an operator has explained: what their processes still know of them is not booked. */
  readonly explained = new Set<number>();
  readonly #ledger: SqliteDatabase;
  readonly #mayOverrun: boolean;
  readonly #watches = new Set<IdleWatch>();

  constructor(ledger: SqliteDatabase, mayOverrun: boolean) {
    this.#ledger = ledger;
    this.#mayOverrun = mayOverrun;
  }

  check(): void {
    const { findings } = verifyStore(this.#ledger);
    if (findings.length > 0) throw new Error(findings.join(" "));
    const ended = this.#endedCalls();
    for (const row of this.#ledger.all("all-accounts")) this.#checkAccount(accountOfRow(row));
    this.#checkLeases(ended);
    this.#checkFences();
    for (const call of this.calls) this.#checkTold(call, ended);
  }

  /** At rest, with nothing under way: nothing is leased to a process that lives, and what was told is booked. */
  checkRest(processes: readonly SimulatedProcess[]): void {
    for (const process of processes) {
      const [lease] = this.#ledger.all("process-leases", { epoch: process.engine.epoch });
      if (lease) throw new Error(`${process.name} still leases ${lease.granted_nano} of ${lease.account_id}, and has nothing under way`);
    }
    const ended = this.#endedCalls();
    const forgotten = this.calls.find(
      (call) =>
        call.state === "told" &&
        call.process.running &&
        call.kind !== "doubt" &&
        !call.lost &&
        !this.explained.has(call.epoch) &&
        ended.get(call.holdId) === undefined,
    );
    if (forgotten) throw new Error(`the ending of ${forgotten.holdId} is in no entry though its process came back`);
  }

  /** What calls of a number cost that no entry tells the end of: what an operator reads from the provider's bill. */
  billedBeyondEntries(epoch: number, account: string): bigint {
    const ended = this.#endedCalls();
    const unknown = this.calls.filter((call) => call.epoch === epoch && call.accounts.includes(account) && !ended.has(call.holdId));
    return sum(unknown, ({ costNano }) => costNano);
  }

  /** The journal of the process is gone, or what was written last: nobody can tell what only it knew. */
  lose(process: SimulatedProcess): void {
    const ended = this.#endedCalls();
    for (const call of this.calls) if (call.process === process && ended.get(call.holdId) === undefined) call.lost = true;
  }

  watch(asker: SimulatedProcess, accounts: readonly string[], processes: readonly SimulatedProcess[]): IdleWatch {
    const others = processes.filter((process) => process !== asker && process.running && !process.dying);
    const least = new Map(others.map((process) => [process, new Map(accounts.map((id) => [id, process.desk.own(id).idleNano]))]));
    const watch = { asker, accounts, least };
    this.#watches.add(watch);
    return watch;
  }

  endWatch(watch: IdleWatch): void {
    this.#watches.delete(watch);
  }

  sample(process: SimulatedProcess): void {
    for (const { least } of this.#watches) {
      const known = least.get(process);
      if (!known) continue;
      for (const [id, leastNano] of known) {
        const { idleNano } = process.desk.own(id);
        if (idleNano < leastNano) known.set(id, idleNano);
      }
    }
  }

  /** A refusal is right when money that lay idle while the call waited would not have carried it, or it says who did not answer. */
  checkRefusal(refusal: Extract<HoldResult, { outcome: "refused" }>, amountNano: bigint, { asker, least }: IdleWatch): void {
    const { account, awaited, asOfEntry } = refusal;
    if (account.freeNano >= amountNano)
      throw new Error(`a phantom denial: ${amountNano} refused with ${account.freeNano} free on ${account.id}`);
    const then = this.#accountAsOf(account, asOfEntry);
    for (const balance of ["spentNano", "inDoubtNano", "leasedNano"] as const) {
      if (then[balance] !== account[balance])
        throw new Error(`${account.id} had ${balance} ${then[balance]} at entry ${asOfEntry}, the refusal says ${account[balance]}`);
    }
    if (awaited.length > 0) return;
    let idleNano = 0n;
    for (const [process, byAccount] of least) {
      if (process.running && !process.dying && this.#isAlive(process.store.epoch)) idleNano += byAccount.get(account.id) ?? 0n;
    }
    if (idleNano > 0n && account.freeNano + idleNano >= amountNano)
      throw new Error(
        `a phantom denial: ${asker.name} was refused ${amountNano} of ${account.id}, ${account.freeNano} free, and ${idleNano} lay idle elsewhere`,
      );
  }

  #isAlive(epoch: number): boolean {
    const status = this.#ledger.one("process-status", { epoch });
    return status !== undefined && status.ended_at === null && status.expired_at === null;
  }

  #checkAccount(account: Account): void {
    const { id, spentNano, inDoubtNano, leasedNano, hard } = account;
    if (!this.#mayOverrun && hard && availableNano(account) < 0n) throw new Error(`${id} is over its limit by ${-availableNano(account)}`);
    const calls = this.calls.filter((call) => call.accounts.includes(id));
    const billedNano = sum(calls, ({ costNano }) => costNano) + (this.tracked.get(id) ?? 0n);
    if (billedNano > spentNano + inDoubtNano + leasedNano) throw new Error(`${id} has forgotten a call`);
    if (spentNano > billedNano) throw new Error(`${id} has booked ${spentNano}, and was billed ${billedNano}: something is booked twice`);
  }

  /** Nothing is leased under a number that is expired or closed. */
  #checkFences(): void {
    for (let epoch = 1; ; epoch++) {
      const status = this.#ledger.one("process-status", { epoch });
      if (!status) return;
      const isAlive = status.ended_at === null && status.expired_at === null;
      if (!isAlive && this.#ledger.all("process-leases", { epoch }).length > 0)
        throw new Error(`the process ${epoch} is not alive, and something is leased to it`);
    }
  }

  /** Calls that no entry tells the end of are covered by what their process leased, or by its sum in doubt. */
  #checkLeases(ended: ReadonlyMap<string, unknown>): void {
    const needs = new Map<string, { epoch: number; account: string; needNano: bigint }>();
    for (const call of this.calls) {
      if (ended.has(call.holdId) || this.explained.has(call.epoch)) continue;
      const needNano = call.state !== "told" || call.kind === "doubt" ? call.heldNano : call.costNano;
      for (const account of call.accounts) {
        const key = `${call.epoch} ${account}`;
        const before = needs.get(key)?.needNano ?? 0n;
        needs.set(key, { epoch: call.epoch, account, needNano: before + needNano });
      }
    }
    for (const { epoch, account, needNano } of needs.values()) {
      const lease = this.#ledger.all("process-leases", { epoch }).find((row) => row.account_id === account);
      const [lost] = this.#ledger.all("leases-in-doubt", { pattern: lostLeaseId(epoch, account) });
      const coveredNano = ((lease?.granted_nano ?? 0n) as bigint) + ((lost?.held_nano ?? 0n) as bigint);
      if (coveredNano < needNano)
        throw new Error(`the process ${epoch} has calls for ${needNano} on ${account}, and ${coveredNano} is leased or in doubt for them`);
    }
  }

  /** A settlement that its caller was told of is booked, or sure to be: its process knows it still, or its journal does. */
  #checkTold(call: SentCall, ended: ReadonlyMap<string, bigint | undefined>): void {
    if (call.state !== "told" || call.kind !== "settle" || call.lost || this.explained.has(call.epoch)) return;
    const bookedNano = ended.get(call.holdId);
    if (bookedNano !== undefined) {
      if (bookedNano !== call.costNano) throw new Error(`${call.holdId} cost ${call.costNano}, and ${bookedNano} is booked`);
      return;
    }
    const { process } = call;
    const stillKnows = process.life === call.life && (process.running || process.remembersEndOf(call.holdId));
    if (!stillKnows) throw new Error(`${call.process.name} has forgotten that ${call.holdId} was settled`);
  }

  /** By hold that has an ending in the ledger: what is booked for it; undefined while it is in doubt. */
  #endedCalls(): Map<string, bigint | undefined> {
    const ended = new Map<string, bigint | undefined>();
    for (const row of this.#ledger.each("all-entries")) {
      const once = String(row.once);
      const holdId = String(row.ref);
      if (once === `end:${holdId}`) ended.set(holdId, row.kind === "doubt" ? undefined : (row.amount_nano as bigint));
      else if (once === `resolve:${holdId}`) ended.set(holdId, row.amount_nano as bigint);
    }
    return ended;
  }

  #accountAsOf(account: Account, entry: number): Account {
    const blank = { spentNano: 0n, inDoubtNano: 0n, leasedNano: 0n, creditedNano: 0n, overrunNano: 0n };
    let then: Account = { ...account, ...blank, hard: false };
    for (const row of this.#ledger.each("all-entries")) {
      if (Number(row.seq) > entry || !splitAccounts(String(row.accounts)).includes(account.id)) continue;
      then = post(then, postingOf(row));
    }
    return then;
  }
}

function postingOf(row: SqlRow): Posting {
  return {
    kind: String(row.kind) as Posting["kind"],
    amountNano: row.amount_nano as bigint,
    heldNano: row.held_nano as bigint,
    inputTokens: 0,
    outputTokens: 0,
  };
}

function sum<Item>(items: readonly Item[], amount: (item: Item) => bigint): bigint {
  return items.reduce((total, item) => total + amount(item), 0n);
}
