import { type Account, availableNano } from "../../core/ledger/budget.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { LeaseAnswer, News, Recall } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import type { LedgerDatabase } from "./ledger-database.ts";

/** A recall that nobody asked about for longer than this is over; whoever waited for it has been answered. */
const RECENT_MS = 1000;

type Awaited = NonNullable<Extract<LeaseAnswer, { outcome: "short" }>["recall"]>;

/** Calls idle money back from other processes before a call is refused, and keeps who has answered. */
export class LeaseRecalls {
  readonly #database: LedgerDatabase;
  readonly #sheet: BalanceSheet;
  /** Recalls made in the present transaction: one of an account serves all calls of it. */
  readonly #made = new Map<string, Awaited>();
  #madeIn = -1;

  constructor(database: LedgerDatabase, sheet: BalanceSheet) {
    this.#database = database;
    this.#sheet = sheet;
  }

  /**
   * @param number of the recall that was made for the call already
   * @returns the recall of the call, and who has still to answer it; undefined when others could not help
   */
  callBack(account: Account, missingNano: Nano, number: number | undefined): Awaited | undefined {
    if (!this.#database.shared) return undefined;
    const made = number === undefined ? this.#madeNow().get(account.id) : undefined;
    if (made) return made;
    this.#sheet.flush();
    const others = this.#database.all("leases-of-account", { accountId: account.id, epoch: this.#sheet.epoch });
    if (number !== undefined) {
      const awaits = others.filter((row) => Number(row.answered) < number).map((row) => String(row.name));
      return { number, awaits };
    }
    const elsewhereNano = others.reduce((sum, row) => sum + (row.granted_nano as Nano), 0n);
    if (elsewhereNano === 0n || availableNano(account) + elsewhereNano < missingNano) return undefined;
    const recall = { account: account.id, number: Number(this.#database.one("call-back", { accountId: account.id })!.recall) };
    this.#database.tellNews({ kind: "recall", ...recall });
    const answer = { number: recall.number, awaits: others.map((row) => String(row.name)) };
    this.#madeNow().set(account.id, answer);
    return answer;
  }

  answer(account: string, number: number): void {
    this.#sheet.flush();
    this.#database.run("answer-recall", { epoch: this.#sheet.epoch, accountId: account, number });
    this.#database.tellNews({ kind: "returned", account } satisfies News);
  }

  #madeNow(): Map<string, Awaited> {
    if (this.#madeIn !== this.#sheet.transaction) this.#made.clear();
    this.#madeIn = this.#sheet.transaction;
    return this.#made;
  }

  /** Recalls that this process has not answered. */
  unanswered(): Recall[] {
    const rows = this.#database.all("recalls-of-process", { epoch: this.#sheet.epoch, recentMs: RECENT_MS });
    return rows.map((row) => ({ account: String(row.id), number: Number(row.recall) }));
  }
}
