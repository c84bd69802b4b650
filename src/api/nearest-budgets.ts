import type { Instant } from "../core/time/window.ts";
import { percentUsed, type Standing } from "../reports/budget-standing.ts";
import type { ApiDeps } from "./api-deps.ts";
import { standingsOf } from "./call-standings.ts";

/** No page and no scrape shows more. */
export const MOST_SHOWN = 10_000;

/** The ledger answers calls between two questions, however many budgets there are. */
const ASKED_AT_ONCE = 500;

const RANK_FOR_MS = 60_000;

/**
 * Which budgets are shown where there are too many for all: those closest to their limit. To find them every account is looked at, which
 * takes seconds with a hundred thousand, so the choice may be a minute old. The numbers never are: those are asked for each time.
 */
export class NearestBudgets {
  readonly #deps: Pick<ApiDeps, "budgets" | "desk">;
  #ranked: readonly string[] | undefined;
  #rankedAt = 0;
  #ranking: Promise<readonly string[]> | undefined;

  constructor(deps: Pick<ApiDeps, "budgets" | "desk">) {
    this.#deps = deps;
  }

  /** @param most MOST_SHOWN at the most */
  async standings(most: number, at: Instant): Promise<{ shown: Standing[]; omitted: number }> {
    const all = this.#deps.budgets.lasting();
    if (all.length <= most) return { shown: await standingsOf(all, at, this.#deps), omitted: 0 };
    const chosen = (await this.#rank(at)).slice(0, most).flatMap((id) => this.#deps.budgets.get(id) ?? []);
    return { shown: await standingsOf(chosen, at, this.#deps), omitted: all.length - chosen.length };
  }

  #rank(at: Instant): Promise<readonly string[]> {
    if (this.#ranked && Math.abs(at - this.#rankedAt) < RANK_FOR_MS) return Promise.resolve(this.#ranked);
    this.#ranking ??= this.#look(at).finally(() => {
      this.#ranking = undefined;
    });
    // Who asks while it is made anew gets the old one at once; who is the first waits.
    this.#ranking.catch(() => {});
    return this.#ranked ? Promise.resolve(this.#ranked) : this.#ranking;
  }

  async #look(at: Instant): Promise<readonly string[]> {
    const all = this.#deps.budgets.lasting();
    const shares: { id: string; percent: number }[] = [];
    for (let from = 0; from < all.length; from += ASKED_AT_ONCE) {
      for (const standing of await standingsOf(all.slice(from, from + ASKED_AT_ONCE), at, this.#deps)) shares.push(shareOf(standing));
    }
    shares.sort((a, b) => b.percent - a.percent);
    this.#ranked = shares.slice(0, MOST_SHOWN).map(({ id }) => id);
    this.#rankedAt = at;
    return this.#ranked;
  }
}

/** With what is in doubt and held counted as used. */
export function sharePercent({ account }: Standing): number {
  return percentUsed(account.spentNano + account.inDoubtNano + account.heldNano, account.limitNano);
}

function shareOf(standing: Standing): { id: string; percent: number } {
  return { id: standing.budget.id, percent: sharePercent(standing) };
}
