import { type Account, availableNano } from "../../core/ledger/budget.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { LeaseAnswer, Recall } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

/** A recall that nobody asked about for longer than this is over; whoever waited for it has been answered. */
const RECENT_MS = 1000;

type RecallMade = NonNullable<Extract<LeaseAnswer, { outcome: "short" }>["recall"]>;

/** Calls idle money back from other processes before a call is refused, and keeps who has answered. */
export class LeaseRecalls {
  readonly #database: LedgerDatabase;
  readonly #sheet: BalanceSheet;
  /** What was asked and made in the present transaction: for all its calls that are short of an account together. */
  readonly #others = new Map<string, readonly SqlRow[]>();
  readonly #made = new Map<string, RecallMade>();
  #transaction = -1;

  constructor(database: LedgerDatabase, sheet: BalanceSheet) {
    this.#database = database;
    this.#sheet = sheet;
  }

  /**
   * @param number of the recall that was made for the call already
   * @returns the recall of the call, and who has still to answer it; undefined when others could not help
   */
  callBack(account: Account, missingNano: Nano, number: number | undefined): RecallMade | undefined {
    if (!this.#database.shared) return undefined;
    const others = this.#othersOf(account.id);
    if (number !== undefined) {
      const awaits = others.filter((row) => Number(row.answered) < number).map((row) => String(row.name));
      return { number, awaits };
    }
    const elsewhereNano = others.reduce((sum, row) => sum + (row.granted_nano as Nano), 0n);
    if (elsewhereNano === 0n || availableNano(account) + elsewhereNano < missingNano) return undefined;
    const made = this.#made.get(account.id);
    if (made) return made;
    const recall = { account: account.id, number: Number(this.#database.one("call-back", { accountId: account.id })!.recall) };
    this.#database.tellNews({ kind: "recall", ...recall });
    const answer = { number: recall.number, awaits: others.map((row) => String(row.name)) };
    this.#made.set(account.id, answer);
    return answer;
  }

  answer(account: string, number: number): void {
    this.#database.later("answer-recall", { epoch: this.#sheet.epoch, accountId: account, number });
    this.#database.tellNews({ kind: "returned", account });
  }

  #othersOf(account: string): readonly SqlRow[] {
    if (this.#transaction !== this.#sheet.transaction) {
      this.#others.clear();
      this.#made.clear();
      this.#transaction = this.#sheet.transaction;
    }
    let others = this.#others.get(account);
    if (!others) {
      others = this.#database.all("leases-of-account", { accountId: account, epoch: this.#sheet.epoch });
      this.#others.set(account, others);
    }
    return others;
  }

  /** Recalls that this process has not answered. */
  unanswered(): Recall[] {
    const rows = this.#database.all("recalls-of-process", { epoch: this.#sheet.epoch, recentMs: RECENT_MS });
    return rows.map((row) => ({ account: String(row.id), number: Number(row.recall) }));
  }
}
