import type { Nano } from "../../core/money/usd.ts";
import type { EndingAnswer, Grant } from "../../ports/ledger-store.ts";

/** Above everything that can be spent: until a lease tells where the share lies now. */
const NOT_KNOWN = 2n ** 63n;

/**
 * Which accounts are above their warning share, as far as this process knows without asking: a lease tells how much more the account
 * carries before it is, and from then on what this process consumed is counted.
 */
export class WarningWatch {
  /** Accounts that the store has said to be above it. */
  readonly #warned = new Set<string>();
  readonly #consumed = new Map<string, { nano: Nano; warnsAboveNano: Nano }>();

  warns(accounts: readonly string[]): boolean {
    return accounts.some((account) => {
      const consumed = this.#consumed.get(account);
      return this.#warned.has(account) || (consumed !== undefined && consumed.nano > consumed.warnsAboveNano);
    });
  }

  /** What was sent to the store by now: it has seen that, and nothing later, when it answers what is asked next. */
  consumedSoFar(accounts: readonly string[]): ReadonlyMap<string, Nano> {
    return new Map(accounts.map((account) => [account, this.#consumed.get(account)?.nano ?? 0n]));
  }

  noteConsumed(accounts: readonly string[], amountNano: Nano): void {
    for (const account of accounts) {
      const consumed = this.#consumed.get(account);
      if (consumed) consumed.nano += amountNano;
    }
  }

  /** @param before what was consumed when the grant was asked for */
  noteGrant({ account, warnsAfterNano }: Grant, before: ReadonlyMap<string, Nano>): void {
    const warnsAboveNano = before.get(account)! + warnsAfterNano;
    const consumed = this.#consumed.get(account);
    if (consumed) consumed.warnsAboveNano = warnsAboveNano;
    else this.#consumed.set(account, { nano: 0n, warnsAboveNano });
  }

  /** What the store says after an ending. */
  noteWarned(accounts: readonly string[], { warned }: EndingAnswer): void {
    if (warned.length === 0 && this.#warned.size === 0) return;
    for (const account of accounts) {
      if (warned.includes(account)) this.#warned.add(account);
      else this.#warned.delete(account);
    }
  }

  /** Its budget has changed: where the share lies is not known until the next lease. */
  forget(account: string): void {
    this.#warned.delete(account);
    const consumed = this.#consumed.get(account);
    if (consumed) consumed.warnsAboveNano = NOT_KNOWN;
  }

  /** Accounts of windows that have ended need no watching. */
  keepOnly(current: ReadonlySet<string>): void {
    for (const account of this.#consumed.keys()) if (!current.has(account)) this.#consumed.delete(account);
  }
}
