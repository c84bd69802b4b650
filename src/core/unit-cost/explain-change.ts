import { ATTO_PER_USD, type Atto } from "../money/usd.ts";
import { add, minus, over, type Rational, rational, reduced, sumOf, times, ZERO } from "../scenario/rational.ts";
import type { CostComponentName } from "./measures.ts";

/** What the model of some calls cost in a period: calls whose cost is known. */
export interface ModelUse {
  /** Provider and model, as one name. */
  readonly model: string;
  readonly calls: number;
  readonly promptTokens: number;
  /** Of the prompt tokens, those read from the provider's cache. */
  readonly cacheReadTokens: number;
  readonly genTokens: number;
  readonly inputAtto: Atto;
  readonly generationAtto: Atto;
  /** What a token from the cache costs as a share of another input token, by the price list; 1 where it is not known. */
  readonly cacheReadShare: Rational;
}

export const OTHER_COMPONENTS = ["retrieval", "rerank", "vector_io", "orchestration", "human"] as const satisfies CostComponentName[];

export interface PeriodUse {
  readonly models: readonly ModelUse[];
  /** Answers given again, which no model was asked for. */
  readonly answeredFromCache: number;
  readonly others: Readonly<Record<(typeof OTHER_COMPONENTS)[number], Atto>>;
}

/** What can change the cost of requests, in the order in which it is told. `volume` is only in the change of the total. */
export const CHANGE_CAUSES = [
  "volume",
  "mix",
  "price",
  "input_length",
  "output_length",
  "cached_input",
  "answered_from_cache",
  ...OTHER_COMPONENTS,
] as const;
export type ChangeCause = (typeof CHANGE_CAUSES)[number];

export interface ExplainedChange {
  readonly before: Rational;
  readonly after: Rational;
  /** Add up to after less before, exactly. All in USD. */
  readonly parts: Readonly<Record<ChangeCause, Rational>>;
}

/** The factors that each model's cost is a product of: those that can be taken from either period on their own. */
const FACTORS = ["volume", "mix", "price", "input_length", "output_length", "cached_input", "answered_from_cache"] as const;
type Factor = (typeof FACTORS)[number];

/** One model in one period. What a period without calls of the model does not say is taken from the other. */
interface ModelFactors {
  /** Share of the calls. */
  readonly share: Rational;
  readonly promptPerCall: Rational;
  readonly genPerCall: Rational;
  readonly cachedShare: Rational;
  /** USD (atto) per uncached input token, per generated token, and per call where there are no tokens to divide by. */
  readonly inputPrice: Rational;
  readonly genPrice: Rational;
  readonly callPrice: Rational;
  readonly cacheReadShare: Rational;
}

/**
 * Why the cost of a use case changed between two periods. Every cause gets its Shapley value: the mean of what it changes, over all orders
 * in which causes could have come. So the parts add up exactly, none depends on an order, and swapping the periods negates each.
 * Where a cost does not split by its causes (a cache discount that the price list does not tell) it counts as price.
 * @returns for the total of the period, and for one request; the latter has no part for volume. Undefined when a period has no requests.
 */
export function explainChange(before: PeriodUse, after: PeriodUse): { total: ExplainedChange; perRequest: ExplainedChange } | undefined {
  const [requestsBefore, requestsAfter] = [requestsOf(before), requestsOf(after)];
  if (requestsBefore === 0n || requestsAfter === 0n) return undefined;
  const models = [...new Set([...before.models, ...after.models].filter(({ calls }) => calls > 0).map(({ model }) => model))].sort();
  const pairs = models.map((model) => factorPair(model, before, after));
  const answered: Pair<Rational> = { before: answeredShare(before), after: answeredShare(after) };
  const volume: Pair<Rational> = { before: rational(requestsBefore), after: rational(requestsAfter) };
  const one: Pair<Rational> = { before: rational(1n), after: rational(1n) };
  return {
    total: explained(before, after, pairs, answered, volume),
    perRequest: explained(before, after, pairs, answered, one),
  };
}

interface Pair<Value> {
  readonly before: Value;
  readonly after: Value;
}

/** @param volume how many requests, or one in both periods where the cost of a request is explained */
function explained(
  before: PeriodUse,
  after: PeriodUse,
  pairs: readonly Pair<ModelFactors>[],
  answered: Pair<Rational>,
  volume: Pair<Rational>,
): ExplainedChange {
  const parts = new Map<ChangeCause, Rational[]>();
  const put = (cause: ChangeCause, part: Rational) => parts.set(cause, [...(parts.get(cause) ?? []), part]);
  // The value of a sum is the sum of the values: each model by itself keeps the fractions short.
  for (const pair of pairs) {
    const values = shapley(FACTORS.length, (chosen) => costOfModel(pair, answered, volume, chosen));
    for (const [index, cause] of FACTORS.entries()) put(cause, values[index]!);
  }
  // A component per request times the volume: two factors, so each gets half of what they change together.
  const perRequest = (use: PeriodUse, name: (typeof OTHER_COMPONENTS)[number]) => rational(use.others[name], requestsOf(use));
  for (const name of OTHER_COMPONENTS) {
    const each: Pair<Rational> = { before: perRequest(before, name), after: perRequest(after, name) };
    const values = shapley(2, (chosen) => times(of(volume, chosen(0)), of(each, chosen(1))));
    put("volume", values[0]!);
    put(name, values[1]!);
  }
  const costs = (use: PeriodUse, count: Rational) => inUsd(times(count, over(rational(totalAtto(use)), rational(requestsOf(use)))));
  const partOf = (cause: ChangeCause) => inUsd(sumReduced(parts.get(cause) ?? []));
  return {
    before: costs(before, volume.before),
    after: costs(after, volume.after),
    parts: Object.fromEntries(CHANGE_CAUSES.map((cause) => [cause, partOf(cause)])) as Record<ChangeCause, Rational>,
  };
}

/** What the calls of one model cost when some factors are those of after and the others those of before. */
function costOfModel(
  pair: Pair<ModelFactors>,
  answered: Pair<Rational>,
  volume: Pair<Rational>,
  chosen: (factor: number) => boolean,
): Rational {
  const from = (factor: Factor) => of(pair, chosen(FACTORS.indexOf(factor)));
  const price = from("price");
  const cached = from("cached_input").cachedShare;
  // 1 - cached + cached * share: how many uncached tokens cost as much as one of these.
  const weight = minus(rational(1n), times(cached, minus(rational(1n), price.cacheReadShare)));
  const input = times(times(from("input_length").promptPerCall, weight), price.inputPrice);
  const generation = times(from("output_length").genPerCall, price.genPrice);
  const perCall = sumOf([input, generation, price.callPrice]);
  const calls = times(of(volume, chosen(FACTORS.indexOf("volume"))), of(answered, chosen(FACTORS.indexOf("answered_from_cache"))));
  return reduced(times(times(calls, from("mix").share), perCall));
}

function of<Value>(pair: Pair<Value>, isAfter: boolean): Value {
  return isAfter ? pair.after : pair.before;
}

/** The Shapley values of a game of a few players, exactly. @param worth of the players that `chosen` says yes to */
function shapley(players: number, worth: (chosen: (player: number) => boolean) => Rational): Rational[] {
  const worths = Array.from({ length: 1 << players }, (_, set) => worth((player) => (set & (1 << player)) !== 0));
  const factorial = (n: number): bigint => (n <= 1 ? 1n : BigInt(n) * factorial(n - 1));
  return Array.from({ length: players }, (_, player) => {
    const gains: Rational[] = Array.from({ length: players }, () => ZERO);
    for (let set = 0; set < worths.length; set++) {
      if ((set & (1 << player)) !== 0) continue;
      const size = bitsOf(set);
      gains[size] = add(gains[size]!, minus(worths[set | (1 << player)]!, worths[set]!));
    }
    const weighted = gains.map((gain, size) => times(gain, rational(factorial(size) * factorial(players - size - 1), factorial(players))));
    return sumReduced(weighted);
  });
}

function bitsOf(set: number): number {
  return set === 0 ? 0 : (set & 1) + bitsOf(set >> 1);
}

function factorPair(model: string, before: PeriodUse, after: PeriodUse): Pair<ModelFactors> {
  const [first, second] = [useOf(before, model), useOf(after, model)];
  const [callsBefore, callsAfter] = [callsOf(before), callsOf(after)];
  const shareOf = (use: ModelUse | undefined, calls: bigint) => (use ? rational(BigInt(use.calls), calls) : ZERO);
  const [shareBefore, shareAfter] = [shareOf(first, callsBefore), shareOf(second, callsAfter)];
  // A period of which all was answered from cache has no mix of its own.
  return {
    before: factorsOf(first, second, callsBefore === 0n ? shareAfter : shareBefore),
    after: factorsOf(second, first, callsAfter === 0n ? shareBefore : shareAfter),
  };
}

/** @param other the same model in the other period, for what this one cannot say */
function factorsOf(own: ModelUse | undefined, other: ModelUse | undefined, share: Rational): ModelFactors {
  const said = own ?? other!;
  const perCall = rational(1n, BigInt(said.calls));
  const cachedShare =
    said.promptTokens === 0 ? ratioOf(other?.cacheReadTokens, other?.promptTokens) : ratioOf(said.cacheReadTokens, said.promptTokens);
  const inputless = said.promptTokens === 0 || equalTokens(said).top === 0n;
  const genless = said.genTokens === 0;
  const fees = (inputless ? said.inputAtto : 0n) + (genless ? said.generationAtto : 0n);
  return {
    share,
    promptPerCall: times(rational(BigInt(said.promptTokens)), perCall),
    genPerCall: times(rational(BigInt(said.genTokens)), perCall),
    cachedShare,
    inputPrice: inputless ? inputPriceOf(other) : inputPriceOf(said),
    genPrice: genless ? genPriceOf(other) : genPriceOf(said),
    callPrice: times(rational(fees), perCall),
    cacheReadShare: said.promptTokens === 0 && other ? other.cacheReadShare : said.cacheReadShare,
  };
}

/** How many uncached input tokens would have cost as much. */
function equalTokens({ promptTokens, cacheReadTokens, cacheReadShare }: ModelUse): Rational {
  const cached = BigInt(cacheReadTokens);
  return add(rational(BigInt(promptTokens) - cached), times(rational(cached), cacheReadShare));
}

function inputPriceOf(use: ModelUse | undefined): Rational {
  const tokens = use ? equalTokens(use) : ZERO;
  return use === undefined || tokens.top === 0n ? ZERO : reduced(over(rational(use.inputAtto), tokens));
}

function genPriceOf(use: ModelUse | undefined): Rational {
  return use === undefined || use.genTokens === 0 ? ZERO : reduced(rational(use.generationAtto, BigInt(use.genTokens)));
}

function ratioOf(part: number | undefined, whole: number | undefined): Rational {
  return !part || !whole ? ZERO : reduced(rational(BigInt(part), BigInt(whole)));
}

/** A model without calls in a period is not in it. */
function useOf({ models }: PeriodUse, name: string): ModelUse | undefined {
  return models.find(({ model, calls }) => model === name && calls > 0);
}

function callsOf({ models }: PeriodUse): bigint {
  return BigInt(models.reduce((sum, { calls }) => sum + calls, 0));
}

function requestsOf(use: PeriodUse): bigint {
  return callsOf(use) + BigInt(use.answeredFromCache);
}

function answeredShare(use: PeriodUse): Rational {
  return rational(callsOf(use), requestsOf(use));
}

function totalAtto({ models, others }: PeriodUse): Atto {
  const ofModels = models.reduce((sum, { calls, inputAtto, generationAtto }) => (calls > 0 ? sum + inputAtto + generationAtto : sum), 0n);
  return OTHER_COMPONENTS.reduce((sum, name) => sum + others[name], ofModels);
}

function inUsd(atto: Rational): Rational {
  return reduced(over(atto, rational(ATTO_PER_USD)));
}

function sumReduced(parts: readonly Rational[]): Rational {
  return parts.reduce((sum, part) => reduced(add(sum, part)), ZERO);
}
