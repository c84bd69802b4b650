import { setImmediate as breathe } from "node:timers/promises";
import { formatUsd, type Nano, parseDecimal } from "../core/money/usd.ts";
import { callAmounts } from "../core/pricing/call-amounts.ts";
import { CostComparison } from "../core/pricing/cost-comparison.ts";
import type { KnownBooks, KnownPrices } from "../core/pricing/known-books.ts";
import { isReportedPriceId } from "../core/pricing/price-answer.ts";
import { usageOfTrace } from "../core/usage/usage-details.ts";
import type { CalledModel, RepricedShape, UsageShape } from "../ports/cost-facts.ts";

/** Uses that are priced before others have their turn: some milliseconds. */
const SLICE = 1000;

/** Id of the price list that calls are looked up in. */
export type ListOf = (called: CalledModel) => string;

/** What a repricing has found so far. */
export class RepricingRun {
  readonly comparison = new CostComparison();
  comparedNano: Nano = 0n;
  comparedThenNano: Nano = 0n;
  correctedCalls = 0;
  /** Per provider and model, as traces name them. */
  readonly differences = new Map<string, Nano>();
  readonly unpriceable = new Map<string, { calls: number; nano: Nano }>();
  readonly tenants = new Map<string, { contractedNano: Nano; billedNano: Nano }>();
  readonly #books: KnownBooks;
  readonly #target: KnownPrices;
  readonly #cuts: readonly number[];
  readonly #listOf: ListOf;

  constructor(books: KnownBooks, target: KnownPrices, cuts: readonly number[], listOf: ListOf) {
    this.#books = books;
    this.#target = target;
    this.#cuts = cuts;
    this.#listOf = listOf;
  }

  /** @returns those that cost something else now than they did */
  async price(shapes: readonly UsageShape[]): Promise<RepricedShape[]> {
    const repriced: RepricedShape[] = [];
    const lists = new Map<string, string>();
    for (const [index, shape] of shapes.entries()) {
      if (index % SLICE === SLICE - 1) await breathe();
      const key = `${shape.provider}\n${shape.model}\n${shape.priceId}`;
      let list = lists.get(key);
      list ??= this.#listOf(shape);
      lists.set(key, list);
      const changed = this.#priceShape(shape, list);
      if (changed) repriced.push(changed);
    }
    return repriced;
  }

  #priceShape(shape: UsageShape, list: string): RepricedShape | undefined {
    const atMs = this.#cuts[shape.epoch - 1]!;
    const [currentNano, times] = [nanoOf(shape.currentUsd), BigInt(shape.calls)];
    // What the provider said is what is owed; no list says otherwise.
    if (isReportedPriceId(shape.priceId)) return this.#keep("provider_reported", shape, currentNano);
    const usage = usageOfShape(shape);
    if (usage === undefined) return this.#keep("unknown_count", shape, currentNano);
    const call = { provider: list, model: shape.model, serviceTier: shape.serviceTier, tenant: shape.tenant, usage };
    const thenKnown = this.#books.asKnownAt(atMs);
    const now = callAmounts(this.#target, call, atMs);
    const then = thenKnown === this.#target ? now : callAmounts(thenKnown, call, atMs);
    this.comparison.add(shape, then, now, shape.calls);
    if (now.outcome === "unpriced") return this.#keep(now.reason, shape, currentNano);
    this.comparedNano += currentNano * times;
    if (then.outcome === "priced") this.comparedThenNano += then.contractedNano * times;
    if (shape.tenant !== "") this.#bill(shape.tenant, now.contractedNano * times, now.billedNano * times);
    if (now.contractedNano === currentNano) return undefined;
    this.correctedCalls += shape.calls;
    const key = modelKey(shape.provider, shape.model);
    this.differences.set(key, (this.differences.get(key) ?? 0n) + (now.contractedNano - currentNano) * times);
    const listUsd = now.listNano === null ? null : formatUsd(now.listNano);
    return { shape, priceId: now.price.id, listUsd, contractedUsd: formatUsd(now.contractedNano), billedUsd: formatUsd(now.billedNano) };
  }

  #keep(reason: string, { calls }: UsageShape, nano: Nano): undefined {
    const kept = this.unpriceable.get(reason) ?? { calls: 0, nano: 0n };
    this.unpriceable.set(reason, { calls: kept.calls + calls, nano: kept.nano + nano * BigInt(calls) });
  }

  #bill(tenant: string, contractedNano: Nano, billedNano: Nano): void {
    const sum = this.tenants.get(tenant) ?? { contractedNano: 0n, billedNano: 0n };
    this.tenants.set(tenant, { contractedNano: sum.contractedNano + contractedNano, billedNano: sum.billedNano + billedNano });
  }
}

function usageOfShape(shape: UsageShape) {
  return usageOfTrace({
    prompt_tokens: shape.promptTokens,
    gen_tokens: shape.genTokens,
    cache_read_tokens: shape.cacheReadTokens,
    cache_write_tokens: shape.cacheWriteTokens,
    reasoning_tokens: shape.reasoningTokens,
    usage_details: shape.details === "" ? NO_DETAILS : countsOf(shape.details),
  });
}

const NO_DETAILS = {};

/** A name that is taken apart wrongly is none that we know, and such a call is not priced again. */
function countsOf(details: string): Record<string, number> {
  return Object.fromEntries(
    details.split(",").map((pair) => {
      const at = pair.lastIndexOf("=");
      return [pair.slice(0, at), Number(pair.slice(at + 1))];
    }),
  );
}

function modelKey(provider: string, model: string): string {
  return `${provider}\n${model}`;
}

/** Costs that we booked have no more digits; those of elsewhere may, and count as they stand up to a nano-dollar. */
export function nanoOf(usd: string): Nano {
  return parseDecimal(usd, 9, "up") ?? 0n;
}
