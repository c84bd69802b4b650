import { type Account, type Budget, openAccount } from "../core/ledger/budget.ts";
import type { Nano } from "../core/money/usd.ts";
import { type Instant, windowAt } from "../core/time/window.ts";

/** An account and what calls under way hold of it. */
export interface HeldAccount extends Account {
  readonly heldNano: Nano;
  /** limit - spent - in doubt - held: what a new call could hold. Below zero after an overrun. */
  readonly freeNano: Nano;
  /** Whether a call was refused for it in this window. */
  readonly hasRefused?: boolean;
}

/** A budget and how it stands in its current window. */
export interface Standing {
  readonly budget: Budget;
  readonly account: HeldAccount;
}

export type StandingStatus = "ok" | "warning" | "exceeded";

/** A budget that nothing was booked on yet, such as the default one a new tenant would get. */
export function untouchedStanding(budget: Budget, at: Instant): Standing {
  const account = openAccount(budget, windowAt(budget.window, budget.zone, at));
  return { budget, account: { ...account, heldNano: 0n, freeNano: account.limitNano } };
}

/** What counts against the limit for good: booked, and in doubt until evidence says otherwise. */
function committedNano(account: HeldAccount): Nano {
  return account.spentNano + account.inDoubtNano;
}

/**
 * Whether a hard budget turns calls away: nothing is left, or so little that a call was refused above the warning share. Holds stop
 * calls before the last cent is spent, so waiting for the whole limit to be booked would never tell anybody.
 * The API, the page and the metrics all ask here.
 */
export function hardLimitReached({ budget, account }: Standing): boolean {
  if (!account.hard) return false;
  if (committedNano(account) >= account.limitNano) return true;
  return account.hasRefused === true && isAboveWarning({ budget, account });
}

/** Strictly above the budget's warning share, with what is held and in doubt counted as used. */
export function isAboveWarning({ budget, account }: Standing): boolean {
  return (committedNano(account) + account.heldNano) * 100n > BigInt(budget.warnPercent) * account.limitNano;
}

export function standingStatus({ budget, account }: Standing): StandingStatus {
  const committed = committedNano(account);
  if (committed >= account.limitNano || hardLimitReached({ budget, account })) return "exceeded";
  return committed * 100n > BigInt(budget.warnPercent) * account.limitNano ? "warning" : "ok";
}

/** Booked share of the limit in percent, two decimals, rounded half up. Of a limit of zero, 100 is used. */
export function percentUsed(spentNano: Nano, limitNano: Nano): number {
  if (limitNano <= 0n) return 100;
  return Number((spentNano * 20_000n + limitNano) / (2n * limitNano)) / 100;
}

/** The one that will refuse first: the hard budget with the least left, or the soft one if none is hard. */
export function tightest(standings: readonly Standing[]): Standing | undefined {
  const hard = standings.filter(({ account }) => account.hard);
  let found: Standing | undefined;
  for (const standing of hard.length > 0 ? hard : standings) {
    if (!found || standing.account.freeNano < found.account.freeNano) found = standing;
  }
  return found;
}
