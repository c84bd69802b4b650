import { invariant } from "../invariant.ts";
import type { Nano } from "../money/usd.ts";

/** A lease as its holder sees it. Always 0 <= heldNano <= grantedNano. */
interface Lease {
  /** Leased and not yet settled, in doubt or given back. */
  grantedNano: Nano;
  /** Set aside for calls under way. */
  heldNano: Nano;
  /** Calls under way on it, those that hold nothing too. */
  holds: number;
}

export interface Hold {
  readonly id: string;
  readonly accounts: readonly string[];
  readonly amountNano: Nano;
}

export interface Shortage {
  readonly account: string;
  readonly missingNano: Nano;
}

/**
 * The leases of one gateway process and the holds within them: what makes a hold a matter of microseconds.
 * It only ever holds what was granted, on all accounts of a call or on none.
 */
export class LeaseBook {
  readonly #leases = new Map<string, Lease>();
  readonly #holds = new Map<string, Hold>();

  grant(account: string, amountNano: Nano): void {
    invariant(amountNano >= 0n, "a lease below zero");
    this.#lease(account).grantedNano += amountNano;
  }

  /** Holds the amount on every account, or says what each short one lacks and holds nothing. An account without a lease is short of 0. */
  hold(id: string, accounts: readonly string[], amountNano: Nano): Shortage[] | undefined {
    invariant(amountNano >= 0n, "a hold below zero");
    invariant(!this.#holds.has(id), `the hold ${id} exists already`);
    let shortages: Shortage[] | undefined;
    for (const account of accounts) {
      const missingNano = this.missingNano(account, amountNano);
      if (missingNano === undefined) continue;
      shortages ??= [];
      shortages.push({ account, missingNano });
    }
    if (shortages) return shortages;
    for (const account of accounts) {
      const lease = this.#lease(account);
      lease.heldNano += amountNano;
      lease.holds += 1;
    }
    this.#holds.set(id, { id, accounts, amountNano });
    return undefined;
  }

  /**
   * Ends a hold. What was settled, or is in doubt, leaves the lease; the rest is idle again.
   * @param consumedNano what leaves the lease: the cost up to the hold, or the whole hold when in doubt
   * @returns the hold, or undefined when it has ended before: ending twice changes nothing
   */
  end(id: string, consumedNano: Nano): Hold | undefined {
    const hold = this.#holds.get(id);
    if (!hold) return undefined;
    invariant(consumedNano >= 0n && consumedNano <= hold.amountNano, `the hold ${id} cannot give ${consumedNano}`);
    for (const account of hold.accounts) {
      const lease = this.#lease(account);
      lease.heldNano -= hold.amountNano;
      lease.grantedNano -= consumedNano;
      lease.holds -= 1;
    }
    this.#holds.delete(id);
    return hold;
  }

  isOpen(id: string): boolean {
    return this.#holds.has(id);
  }

  /** Lowers a hold that turned out to be larger than needed; one that has ended is left as it is. */
  shrink(id: string, amountNano: Nano): void {
    const hold = this.#holds.get(id);
    if (!hold) return;
    invariant(amountNano >= 0n && amountNano <= hold.amountNano, `the hold ${id} cannot shrink to ${amountNano}`);
    for (const account of hold.accounts) this.#lease(account).heldNano -= hold.amountNano - amountNano;
    this.#holds.set(id, { ...hold, amountNano });
  }

  /** Takes idle money out of the lease, to be given back to the account. @returns what was there */
  takeIdle(account: string): Nano {
    const lease = this.#leases.get(account);
    if (!lease) return 0n;
    const idle = lease.grantedNano - lease.heldNano;
    lease.grantedNano -= idle;
    if (lease.grantedNano === 0n && lease.holds === 0) this.#leases.delete(account);
    return idle;
  }

  /** What the lease lacks to hold the amount; undefined when it lacks nothing. Even a hold of 0, on a free model, needs a lease to be in. */
  missingNano(account: string, amountNano: Nano): Nano | undefined {
    const lease = this.#leases.get(account);
    if (!lease) return amountNano;
    const missing = amountNano - (lease.grantedNano - lease.heldNano);
    return missing > 0n ? missing : undefined;
  }

  idleNano(account: string): Nano {
    const lease = this.#leases.get(account);
    return lease ? lease.grantedNano - lease.heldNano : 0n;
  }

  heldNano(account: string): Nano {
    return this.#leases.get(account)?.heldNano ?? 0n;
  }

  grantedNano(account: string): Nano {
    return this.#leases.get(account)?.grantedNano ?? 0n;
  }

  accounts(): string[] {
    return [...this.#leases.keys()];
  }

  openHolds(): Hold[] {
    return [...this.#holds.values()];
  }

  #lease(account: string): Lease {
    let lease = this.#leases.get(account);
    if (!lease) {
      lease = { grantedNano: 0n, heldNano: 0n, holds: 0 };
      this.#leases.set(account, lease);
    }
    return lease;
  }
}
