import { invariant } from "../core/invariant.ts";
import type { Nano } from "../core/money/usd.ts";
import type { CostComparison } from "../core/pricing/cost-comparison.ts";
import type { KnownBooks, KnownPrices } from "../core/pricing/known-books.ts";
import type { Contract } from "../core/pricing/price-term.ts";
import type { CostFacts, FactTotal, ShapesQuestion } from "../ports/cost-facts.ts";
import { type PriceKnowledge, rememberedBooks } from "./remembered-books.ts";
import { type ListOf, nanoOf, RepricingRun } from "./repricing-run.ts";

export interface RepriceQuestion {
  readonly from: Date;
  readonly to: Date;
  /** By what was known of prices then. */
  readonly asKnownAtMs: number;
  readonly now: number;
  /** Undefined: nothing is written. */
  readonly repricingId: string | undefined;
}

export interface RepriceParts {
  readonly facts: CostFacts;
  readonly knowledge: PriceKnowledge;
}

export interface RepricedMonth {
  readonly rememberedSinceMs: number;
  readonly before: readonly FactTotal[];
  readonly beforeNano: Nano;
  /** As the warehouse has it afterwards; as it would be where nothing was written. */
  readonly afterNano: Nano;
  readonly comparison: CostComparison;
  /**
   * What calls cost before beyond what was known then: earlier repricings, mostly. Lines and rounding less this are the difference.
   */
  readonly bookedOtherwiseNano: Nano;
  readonly correctedCalls: number;
  readonly differenceNano: Nano;
  /** Calls that cannot be priced any more, by why; they keep their cost. */
  readonly unpriceable: ReadonlyMap<string, { calls: number; nano: Nano }>;
  /** Only where tenants are billed differently. */
  readonly tenants: ReadonlyMap<string, { contractedNano: Nano; billedNano: Nano }>;
  readonly commitments: readonly { readonly contract: Contract; readonly usedNano: Nano }[];
}

/** Calls whose uses are asked for at once: their answer is some megabytes, and the engine is free for others in between. */
const BATCH_CALLS = 100_000;

/**
 * Prices the calls of a span again, by what was known of prices when they were made and by what was known at another time, and writes
 * the difference as facts where it is told to. Doing it again, or again after it was cut off, changes nothing more.
 * @throws Problem warehouse_unavailable
 */
export async function repriceMonth(question: RepriceQuestion, { facts, knowledge }: RepriceParts): Promise<RepricedMonth> {
  const { priceLists } = knowledge;
  const { from, to } = question;
  const { books, sinceMs } = await rememberedBooks(facts, knowledge);
  const target = books.asKnownAt(question.asKnownAtMs);
  const before = await facts.factTotals(from, to);
  const listOf = priceListOf(priceLists);
  const changes = await priceChanges(question, books, target, listOf, facts);
  const byTenant = target.markups.some(({ tenant }) => tenant !== undefined);
  const run = new RepricingRun(books, target, changes, listOf);
  await priceBatches(question, facts, { cuts: changes, byTenant }, run);
  const beforeNano = sumOf(before);
  const differenceNano = [...run.differences.values()].reduce((sum, nano) => sum + nano, 0n);
  const after = question.repricingId === undefined ? undefined : await facts.factTotals(from, to);
  // Other calls may have come in meanwhile, but nothing else corrects this month.
  if (after) invariant(repricedIn(after) - repricedIn(before) === run.correctedCalls, "a repricing did not write the facts it announced");
  return {
    rememberedSinceMs: sinceMs,
    before,
    beforeNano,
    afterNano: after ? sumOf(after) : beforeNano + differenceNano,
    comparison: run.comparison,
    bookedOtherwiseNano: run.comparedNano - run.comparedThenNano,
    correctedCalls: run.correctedCalls,
    differenceNano,
    unpriceable: run.unpriceable,
    tenants: run.tenants,
    commitments: commitmentsOf(target, from, before, run.differences, priceLists),
  };
}

/** Batch by batch: while one is priced here, the engine gathers the next one and writes the one before. */
async function priceBatches(
  { from, to, now, repricingId }: RepriceQuestion,
  facts: CostFacts,
  how: Pick<ShapesQuestion, "cuts" | "byTenant">,
  run: RepricingRun,
): Promise<void> {
  const spans = await batchesOf(facts, from, to);
  const ask = (index: number) => {
    const shapes = spans[index] === undefined ? Promise.resolve([]) : facts.usageShapes({ ...spans[index], ...how });
    // Whoever waits for it is told; a failure in between must not end the process.
    shapes.catch(() => {});
    return shapes;
  };
  let next = ask(0);
  let writing: Promise<void> = Promise.resolve();
  for (const [index, span] of spans.entries()) {
    const shapes = await next;
    next = ask(index + 1);
    const repriced = await run.price(shapes);
    await writing;
    if (repricingId === undefined || repriced.length === 0) continue;
    writing = facts.appendRepriced({ id: repricingId, knownAt: new Date(now), batch: index }, { ...span, ...how }, repriced);
    writing.catch(() => {});
  }
  await writing;
}

/** The list that a call was priced from, as its price id says: `<list>/<provider>[:<seller>]/<model>@<start>`. */
function priceListOf(priceLists: ReadonlyMap<string, string>): ListOf {
  return ({ provider, priceId }) => {
    const configured = priceLists.get(provider) ?? provider;
    const path = priceId.slice(priceId.indexOf("/") + 1);
    // Names of providers may hold the signs that the id is put together with.
    if (path.startsWith(`${configured}/`) || path.startsWith(`${configured}:`)) return configured;
    return /^([^/:]+)(?::[^/]+)?\/.*@/.exec(path)?.[1] ?? configured;
  };
}

/** Every instant at which a call of these models may begin to cost something else, or be priced by other knowledge; `from` first. */
async function priceChanges(
  { from, to }: RepriceQuestion,
  books: KnownBooks,
  target: KnownPrices,
  listOf: ListOf,
  facts: CostFacts,
): Promise<number[]> {
  const [fromMs, toMs] = [from.getTime(), to.getTime()];
  const learned = books.instants.filter((ms) => ms > fromMs && ms < toMs);
  const cuts = new Set([fromMs, ...learned]);
  const dated = target.markups.flatMap((markup) => [markup.fromMs, markup.toMs]);
  const known = new Set([fromMs, ...learned].map((ms) => books.asKnownAt(ms)).concat(target));
  for (const prices of known) dated.push(...prices.markups.flatMap((markup) => [markup.fromMs, markup.toMs]));
  for (const called of await facts.calledModels(from, to)) {
    for (const { book, listBook } of known)
      for (const one of [book, listBook]) for (const ms of one.changes(listOf(called), called.model, fromMs, toMs)) cuts.add(ms);
  }
  for (const ms of dated) if (ms > fromMs && ms < toMs) cuts.add(ms);
  return [...cuts].sort((one, other) => one - other);
}

function sumOf(totals: readonly FactTotal[]): Nano {
  return totals.reduce((sum, { contractedUsd }) => sum + nanoOf(contractedUsd), 0n);
}

function repricedIn(totals: readonly FactTotal[]): number {
  return totals.reduce((sum, { kind, facts }) => sum + (kind === "repriced" ? facts : 0), 0);
}

/** Spans of whole minutes with about so many calls each. */
async function batchesOf(facts: CostFacts, from: Date, to: Date): Promise<{ from: Date; to: Date }[]> {
  const spans: { from: Date; to: Date }[] = [];
  let [start, calls] = [from, 0];
  for (const minute of await facts.callsPerMinute(from, to)) {
    if (calls > 0 && calls + minute.calls > BATCH_CALLS) {
      const end = new Date(minute.minuteMs);
      spans.push({ from: start, to: end });
      [start, calls] = [end, 0];
    }
    calls += minute.calls;
  }
  if (calls > 0) spans.push({ from: start, to });
  return spans;
}

/** What was promised for the month that begins then, and what its calls came to: those of every basis, as they cost after this. */
function commitmentsOf(
  { contracts }: KnownPrices,
  month: Date,
  before: readonly FactTotal[],
  differences: ReadonlyMap<string, Nano>,
  priceLists: ReadonlyMap<string, string>,
): { contract: Contract; usedNano: Nano }[] {
  const promised = contracts.filter(
    ({ commitmentNano, fromMs, toMs }) => commitmentNano !== undefined && month.getTime() >= fromMs && month.getTime() < toMs,
  );
  return promised.map((contract) => {
    const covers = (provider: string, model: string) =>
      (priceLists.get(provider) ?? provider) === contract.provider && contract.matches(model);
    let usedNano = 0n;
    for (const { provider, model, contractedUsd } of before) if (covers(provider, model)) usedNano += nanoOf(contractedUsd);
    for (const [key, nano] of differences) {
      const [provider = "", model = ""] = key.split("\n");
      if (covers(provider, model)) usedNano += nano;
    }
    return { contract, usedNano };
  });
}
