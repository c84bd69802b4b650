import type { Spending } from "../core/policy/decision.ts";
import type { Instant } from "../core/time/window.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";

export interface GatheredSpending {
  readonly spending: ReadonlyMap<string, Spending>;
  readonly inDoubtNano: ReadonlyMap<string, bigint>;
}

/**
 * What each subject has spent this month: the number of its budget, as everybody else sees it. Holds in doubt are shown beside it and not
 * counted, as thresholds of budgets do not count them: a crash would turn levers for calls that nobody billed.
 */
export async function gatherSpending(
  budgetIds: ReadonlyMap<string, string>,
  store: Pick<LedgerStore, "accounts">,
  now: Instant,
): Promise<GatheredSpending> {
  const accounts = new Map((await store.accounts([...new Set(budgetIds.values())], now)).map((account) => [account.budgetId, account]));
  const spending = new Map<string, Spending>();
  const inDoubtNano = new Map<string, bigint>();
  for (const [subject, id] of budgetIds) {
    const account = accounts.get(id);
    if (account === undefined) continue;
    spending.set(subject, { spentNano: account.spentNano, observedAt: now, windowEndsAt: account.window.end });
    inDoubtNano.set(subject, account.inDoubtNano);
  }
  return { spending, inDoubtNano };
}
