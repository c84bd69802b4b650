import { ATTO_PER_NANO, type Atto, type Nano } from "../money/usd.ts";
import type { CallAmounts } from "./call-amounts.ts";
import type { Price } from "./price-book.ts";
import type { CostComponent, CostUnit } from "./price-call.ts";

/** Calls, and what they cost by what was known at a time. */
export interface CostTotals {
  calls: number;
  /** Calls that could not be priced; they are in no sum. */
  unpriced: number;
  /** Priced calls that no list has a price for; they are not in `listNano`. */
  unlisted: number;
  listNano: Nano;
  contractedNano: Nano;
  billedNano: Nano;
}

/** Units of one kind whose price became another: `count` times the old price became `count` times the new one. */
export interface ChangedLine {
  readonly provider: string;
  readonly model: string;
  readonly unit: CostUnit;
  readonly oldPriceId: string | undefined;
  readonly newPriceId: string;
  /** Per unit; undefined where it was not charged, or had no price. */
  readonly oldEach: Atto | undefined;
  readonly newEach: Atto | undefined;
  count: bigint;
  oldAtto: Atto;
  newAtto: Atto;
}

/** Adds up calls as they were priced by what was known then and by what is known now, and why the two differ. */
export class CostComparison {
  readonly asThen: CostTotals = noCosts();
  readonly asNow: CostTotals = noCosts();
  /** What rounding each call up to a nano-dollar added, then and now, of the calls in `lines`. */
  roundingThenAtto: Atto = 0n;
  roundingNowAtto: Atto = 0n;
  readonly #lines = new Map<Price | undefined, Map<Price, Map<CostUnit, Map<Atto | undefined, Map<Atto | undefined, ChangedLine>>>>>();

  /** @param calls how many calls are each priced so */
  add(called: { readonly provider: string; readonly model: string }, then: CallAmounts, now: CallAmounts, calls: number): void {
    addTo(this.asThen, then, calls);
    addTo(this.asNow, now, calls);
    // A call that cannot be priced any more keeps its cost, so nothing changes that could be explained.
    if (now.outcome === "unpriced" || (then.outcome === "priced" && then.price === now.price)) return;
    const times = BigInt(calls);
    const before = then.outcome === "priced" ? then : undefined;
    if (before) this.roundingThenAtto += (before.contractedNano * ATTO_PER_NANO - before.totalAtto) * times;
    this.roundingNowAtto += (now.contractedNano * ATTO_PER_NANO - now.totalAtto) * times;
    const old = new Map(before?.components.map((component) => [component.unit, component]));
    for (const component of now.components) {
      this.#addLine(called, before?.price, now.price, old.get(component.unit), component, times);
      old.delete(component.unit);
    }
    for (const component of old.values()) this.#addLine(called, before?.price, now.price, component, undefined, times);
  }

  /** Lines whose amount changed, the largest change first. Their differences and that of the rounding add up to the whole. */
  lines(): ChangedLine[] {
    const lines: ChangedLine[] = [];
    for (const byNew of this.#lines.values())
      for (const byUnit of byNew.values())
        for (const byOldEach of byUnit.values())
          for (const byNewEach of byOldEach.values())
            for (const line of byNewEach.values()) if (line.oldAtto !== line.newAtto) lines.push(line);
    const change = ({ oldAtto, newAtto }: ChangedLine) => (newAtto > oldAtto ? newAtto - oldAtto : oldAtto - newAtto);
    return lines.sort((one, other) => (change(one) < change(other) ? 1 : -1));
  }

  #addLine(
    { provider, model }: { readonly provider: string; readonly model: string },
    from: Price | undefined,
    to: Price,
    old: CostComponent | undefined,
    now: CostComponent | undefined,
    times: bigint,
  ): void {
    const { unit, count } = (now ?? old)!;
    const [oldEach, newEach] = [eachOf(old), eachOf(now)];
    const byNew = within(this.#lines, from, () => new Map());
    const byUnit = within(byNew, to, () => new Map());
    const byOldEach = within(byUnit, unit, () => new Map());
    const byNewEach = within(byOldEach, oldEach, () => new Map());
    const line = within(byNewEach, newEach, () => {
      return { provider, model, unit, oldPriceId: from?.id, newPriceId: to.id, oldEach, newEach, count: 0n, oldAtto: 0n, newAtto: 0n };
    });
    line.count += BigInt(count) * times;
    line.oldAtto += (old?.atto ?? 0n) * times;
    line.newAtto += (now?.atto ?? 0n) * times;
  }
}

function noCosts(): CostTotals {
  return { calls: 0, unpriced: 0, unlisted: 0, listNano: 0n, contractedNano: 0n, billedNano: 0n };
}

function addTo(totals: CostTotals, amounts: CallAmounts, calls: number): void {
  totals.calls += calls;
  if (amounts.outcome === "unpriced") {
    totals.unpriced += calls;
    return;
  }
  const times = BigInt(calls);
  if (amounts.listNano === null) totals.unlisted += calls;
  else totals.listNano += amounts.listNano * times;
  totals.contractedNano += amounts.contractedNano * times;
  totals.billedNano += amounts.billedNano * times;
}

function eachOf(component: CostComponent | undefined): Atto | undefined {
  return component && component.atto / BigInt(component.count);
}

function within<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
