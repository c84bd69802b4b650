import type { Beat, Recall, Recovery } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { journalEpochs } from "./call-journal.ts";
import type { ControlOperations } from "./control-operations.ts";
import type { LeaseRecalls } from "./lease-recalls.ts";
import type { LedgerDatabase } from "./ledger-database.ts";
import { expireProcess, type RecoveryParts, recoverOwnProcess, recoverProcesses } from "./recover-processes.ts";
import { keyOfRow } from "./row-shapes.ts";

/** Three heartbeats may be lost; the fourth second ends with the leases of a dead process in doubt (docs/concepts/lease-protocol.md). */
const SILENT_MS = 3000;

/** Who this process is in the store. */
export interface ProcessIdentity {
  readonly bootId: string;
  /** Names the folder with its journal: whoever has the folder's lock recovers the processes of the place. */
  readonly place: string;
  /** For people: host and process id. */
  readonly name: string;
  /** Whether it does what one process does for all, when it is the oldest. */
  readonly doesJobs: boolean;
}

/** How processes join, live, are taken for dead, and come back. */
export class ProcessOperations {
  readonly #database: LedgerDatabase;
  readonly #sheet: BalanceSheet;
  readonly #recalls: LeaseRecalls;
  readonly #identity: ProcessIdentity;
  readonly #recovery: Omit<RecoveryParts, "now">;
  readonly #controls: Pick<ControlOperations, "since">;

  constructor(
    recovery: Omit<RecoveryParts, "now">,
    recalls: LeaseRecalls,
    identity: ProcessIdentity,
    controls: Pick<ControlOperations, "since">,
  ) {
    this.#controls = controls;
    this.#database = recovery.database;
    this.#sheet = recovery.sheet;
    this.#recalls = recalls;
    this.#identity = identity;
    this.#recovery = recovery;
  }

  /** Registers this process and recovers those before it at the same place. @returns also the journals that are not needed after the commit */
  join(now: number): { recovery: Recovery; obsoleteJournals: readonly number[] } {
    this.#register(now);
    const recovery = recoverProcesses({ ...this.#recovery, now }, this.#identity.place);
    return { recovery, obsoleteJournals: journalEpochs(this.#recovery.folder) };
  }

  beat(known: { version: number }, now: number): Beat {
    this.#sheet.requireAlive();
    const { epoch } = this.#sheet;
    const silent = this.#database.all("silent-processes", { epoch, silentMs: SILENT_MS });
    this.#database.later("beat-process", { epoch });
    const expired = silent.map((row) => {
      const [dead, name] = [Number(row.epoch), String(row.name)];
      return { epoch: dead, name, inDoubtNano: expireProcess({ ...this.#recovery, now }, dead, name) };
    });
    const { version } = this.#sheet;
    const changed = version !== known.version;
    return {
      leads: Number(this.#database.one("leading-process", {})?.epoch ?? epoch) === epoch,
      version,
      budgets: changed ? this.#sheet.budgetsSince(known.version) : [],
      keys: changed ? this.#database.all("keys-since", { version: known.version }).map(keyOfRow) : [],
      controls: changed ? this.#controls.since(known.version) : [],
      recalls: this.recalls(),
      expired,
    };
  }

  recalls(): Recall[] {
    return this.#recalls.unanswered();
  }

  rejoin(now: number): { epoch: number; recovery: Recovery } {
    const recovery = recoverOwnProcess({ ...this.#recovery, now });
    this.#register(now);
    return { epoch: this.#sheet.epoch, recovery };
  }

  leave(endedAt: number): void {
    this.#database.run("end-process", { epoch: this.#sheet.epoch, endedAt });
  }

  #register(now: number): void {
    const { bootId, place, name, doesJobs } = this.#identity;
    const row = this.#database.one("start-process", { bootId, startedAt: now, place, name, doesJobs: doesJobs ? 1 : 0 });
    this.#sheet.become(Number(row!.epoch));
  }
}
