import { invariant } from "../invariant.ts";
import type { Nano } from "../money/usd.ts";
import { type Account, availableNano } from "./budget.ts";

/**
 * The only ways in which a balance changes. Every one is an entry of the ledger, so that replaying the entries gives the balances.
 *
 * - `lease` / `give_back`: money handed to a process, and returned unused.
 * - `settle`: a call's cost, out of its hold. `release`: it cost nothing. `doubt`: it may have cost up to its hold.
 * - `resolve`: a hold in doubt turned out to cost `amountNano`.
 * - `reclaim`: a lease that was in doubt as a whole is a lease again, since the journal of its process says what became of it.
 * - `track`: cost that an application reports after the fact, outside any hold.
 * - `set_limit`: a new limit of the account.
 * - `credit`: a reset takes `amountNano` off what is spent, and its tokens off those counted. What is leased or in doubt stays.
 */
export const POSTING_KINDS = [
  "lease",
  "give_back",
  "settle",
  "release",
  "doubt",
  "resolve",
  "reclaim",
  "track",
  "set_limit",
  "credit",
] as const;
export type PostingKind = (typeof POSTING_KINDS)[number];

export interface Posting {
  readonly kind: PostingKind;
  readonly amountNano: Nano;
  /** What the hold had set aside; 0 for kinds without a hold. */
  readonly heldNano: Nano;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The account after the posting. Never clips: an overrun is booked and remembered. */
export function post(account: Account, posting: Posting): Account {
  const { amountNano, heldNano } = posting;
  invariant(amountNano >= 0n && heldNano >= 0n, `a posting below zero on ${account.id}`);
  switch (posting.kind) {
    case "lease":
      invariant(!account.hard || amountNano === 0n || amountNano <= availableNano(account), `a lease beyond the limit of ${account.id}`);
      return { ...account, leasedNano: account.leasedNano + amountNano };
    case "give_back":
      invariant(amountNano <= account.leasedNano, `more given back than leased from ${account.id}`);
      return { ...account, leasedNano: account.leasedNano - amountNano };
    case "settle": {
      // Only the cost leaves the lease; the rest of the hold stays in it, free for the next call.
      const fromLease = amountNano < heldNano ? amountNano : heldNano;
      invariant(fromLease <= account.leasedNano, `settled more than was leased from ${account.id}`);
      return withOverrun(withTokens(account, posting, account.spentNano + amountNano, account.leasedNano - fromLease));
    }
    case "release":
      return account;
    case "doubt":
      invariant(heldNano <= account.leasedNano, `more in doubt than was leased from ${account.id}`);
      return { ...account, inDoubtNano: account.inDoubtNano + heldNano, leasedNano: account.leasedNano - heldNano };
    case "resolve":
      invariant(heldNano <= account.inDoubtNano, `resolved more than was in doubt on ${account.id}`);
      return withOverrun({
        ...withTokens(account, posting, account.spentNano + amountNano, account.leasedNano),
        inDoubtNano: account.inDoubtNano - heldNano,
      });
    case "reclaim":
      invariant(heldNano <= account.inDoubtNano, `reclaimed more than was in doubt on ${account.id}`);
      return { ...account, inDoubtNano: account.inDoubtNano - heldNano, leasedNano: account.leasedNano + heldNano };
    case "track":
      return withOverrun(withTokens(account, posting, account.spentNano + amountNano, account.leasedNano));
    case "set_limit":
      return withOverrun({ ...account, limitNano: amountNano });
    case "credit":
      return credited(account, posting);
    default:
      return posting.kind satisfies never;
  }
}

function credited(account: Account, { amountNano, inputTokens, outputTokens }: Posting): Account {
  invariant(amountNano <= account.spentNano, `more credited than was spent on ${account.id}`);
  invariant(
    BigInt(inputTokens) <= account.inputTokens && BigInt(outputTokens) <= account.outputTokens,
    `more tokens credited than were counted on ${account.id}`,
  );
  return {
    ...account,
    spentNano: account.spentNano - amountNano,
    creditedNano: account.creditedNano + amountNano,
    inputTokens: account.inputTokens - BigInt(inputTokens),
    outputTokens: account.outputTokens - BigInt(outputTokens),
  };
}

function withTokens(account: Account, posting: Posting, spentNano: Nano, leasedNano: Nano): Account {
  return {
    ...account,
    spentNano,
    leasedNano,
    inputTokens: account.inputTokens + BigInt(posting.inputTokens),
    outputTokens: account.outputTokens + BigInt(posting.outputTokens),
  };
}

function withOverrun(account: Account): Account {
  const excess = -availableNano(account);
  return excess > account.overrunNano ? { ...account, overrunNano: excess } : account;
}
