import { add, decimalText, minus, ONE, over, parseRational, type Rational, rational, times, ZERO } from "./rational.ts";
import type { PriceOf } from "./scenario-plan.ts";

/** What was measured of one model in one use case. */
export interface MeasuredTraffic {
  readonly useCase: string;
  readonly provider: string;
  readonly model: string;
  /** Calls that reached the model. */
  readonly calls: number;
  /** Answers from the cache or an Idempotency-Key. */
  readonly cached: number;
  readonly promptTokens: number;
  readonly genTokens: number;
  /** Booked, decimal text. */
  readonly costUsd: string;
  /** Of calls that reached the model; undefined where none was timed. */
  readonly latency?: { readonly p50Ms: number; readonly p95Ms: number } | undefined;
}

/** What a use case cost beside its models in the measured period, as decimal text of USD. */
export interface MeasuredParts {
  readonly retrieval: string;
  readonly rerank: string;
  readonly vectorIo: string;
  readonly human: string;
  readonly orchestration: string;
  /** Whether orchestration is shared out of a monthly pool, which does not grow with the requests. */
  readonly isPooled: boolean;
}

/** What a server measured, and what a scenario makes of it. */
export interface TrafficSource {
  readonly rows: readonly MeasuredTraffic[];
  /** How long was measured. */
  readonly days: Rational;
  /** By use case; nothing where applications told nothing. */
  readonly parts?: ReadonlyMap<string, MeasuredParts> | undefined;
}

type Scenarios = { models: Record<string, object>; scenarios: object[] };

export interface Candidate {
  readonly provider: string;
  readonly model: string;
}

const DAYS_A_MONTH = 30;

/**
 * A scenario document of what was measured: one scenario per use case, with volume, mix, tokens per call and cache hit as they were.
 * A model's prices are those that give back what was booked: the list's, scaled by booked over list, so that discounts, cached tokens and
 * batches stay in. Without a list price every token counts the same.
 * What a request costs beside its model is taken as measured too: as one query of one result, one candidate, one read and one minute.
 * @param candidate a model that requests may be moved to: at its list price, with the tokens of the use case, and no share of the mix so far
 */
export function trafficDocument({ rows, days, parts }: TrafficSource, priceOf: PriceOf, candidate?: Candidate): Scenarios {
  const models: Record<string, object> = {};
  const scenarios: object[] = [];
  for (const useCase of [...new Set(rows.map((row) => row.useCase))]) {
    const own = rows.filter((row) => row.useCase === useCase);
    const served = own.filter(({ calls }) => calls > 0);
    const calls = sumCounts(served.map((row) => row.calls));
    const cached = sumCounts(own.map((row) => row.cached));
    if (calls === 0n) continue;
    const all = rational(calls + cached);
    const mix: Record<string, string> = {};
    let left = ONE;
    served.forEach((row, index) => {
      const name = `${row.provider}/${row.model}${useCase === "" ? "" : ` (${useCase})`}`;
      models[name] = modelOf(row, priceOf);
      // The last share is what is left, so that they add up to one after rounding.
      const text =
        index === served.length - 1 ? decimalText(left, 12, "nearest") : decimalText(rational(BigInt(row.calls), calls), 12, "nearest");
      mix[name] = text;
      left = minus(left, parseRational(text) ?? ZERO);
    });
    const tokens = {
      prompt_tokens: average(sumCounts(served.map((row) => row.promptTokens)), calls),
      gen_tokens: average(sumCounts(served.map((row) => row.genTokens)), calls),
    };
    if (candidate && !served.some((row) => row.provider === candidate.provider && row.model === candidate.model)) {
      const name = `${candidate.provider}/${candidate.model}${useCase === "" ? "" : ` (${useCase})`}`;
      models[name] = { ...tokens, ...candidate };
      mix[name] = "0";
    }
    scenarios.push({
      name: useCase === "" ? "(no use case)" : useCase,
      ...(useCase === "" ? {} : { use_case: useCase }),
      monthly_volume: decimalText(over(times(all, rational(BigInt(DAYS_A_MONTH))), days), 6, "up"),
      cache_hit: decimalText(over(rational(cached), all), 12, "nearest"),
      ...tokens,
      ...partsOf(parts?.get(useCase), { calls: rational(calls), all, days }),
      mix,
    });
  }
  return { models, scenarios };
}

/** Those that are nothing are left out. A request from the cache pays no retrieval and rerank. */
function partsOf(parts: MeasuredParts | undefined, counts: { calls: Rational; all: Rational; days: Rational }): Record<string, string> {
  if (!parts) return {};
  const per = (amount: string, by: Rational) => decimalText(over(parseRational(amount) ?? ZERO, by), 12, "nearest");
  const { retrieval, rerank, vectorIo, human, orchestration, isPooled } = parts;
  const monthly = over(counts.days, rational(BigInt(DAYS_A_MONTH)));
  const wanted: [amount: string, figures: Record<string, string>][] = [
    [retrieval, { queries: "1", depth_k: "1", retrieval_usd_per_k: per(retrieval, counts.calls) }],
    [rerank, { rerank_candidates: "1", rerank_usd: per(rerank, counts.calls) }],
    [vectorIo, { vector_ops: "1", vector_usd: per(vectorIo, counts.all) }],
    [human, { hitl_minutes: "1", hitl_usd_per_minute: per(human, counts.all) }],
    [
      orchestration,
      isPooled ? { orchestration_monthly_usd: per(orchestration, monthly) } : { orchestration_usd: per(orchestration, counts.all) },
    ],
  ];
  return Object.assign({}, ...wanted.filter(([amount]) => amount !== "0").map(([, figures]) => figures));
}

function modelOf(row: MeasuredTraffic, priceOf: PriceOf): object {
  const calls = BigInt(row.calls);
  const [prompt, gen] = [BigInt(row.promptTokens), BigInt(row.genTokens)];
  const cost = parseRational(row.costUsd) ?? ZERO;
  const tokens = { prompt_tokens: average(prompt, calls), gen_tokens: average(gen, calls), ...latencyOf(row) };
  const listed = priceOf(row.provider, row.model, Number(calls === 0n ? 0n : prompt / calls));
  const list = {
    input: (listed && parseRational(listed.inputUsdMtok)) ?? ONE,
    output: (listed && parseRational(listed.outputUsdMtok)) ?? ONE,
  };
  const atList = over(add(times(rational(prompt), list.input), times(rational(gen), list.output)), rational(1_000_000n));
  const nothing = { input_usd_mtok: "0", output_usd_mtok: "0" };
  if (atList.top === 0n) return { ...tokens, ...nothing, fee_usd: decimalText(over(cost, rational(calls)), 12, "up") };
  const factor = over(cost, atList);
  return {
    ...tokens,
    input_usd_mtok: decimalText(times(list.input, factor), 12, "up"),
    output_usd_mtok: decimalText(times(list.output, factor), 12, "up"),
  };
}

/** In whole milliseconds, one at least. */
function latencyOf({ latency }: MeasuredTraffic): { latency_ms?: { p50: number; p95: number } } {
  if (!latency) return {};
  const [p50, p95] = [latency.p50Ms, latency.p95Ms].map((ms) => Math.max(1, Math.round(ms))) as [number, number];
  return { latency_ms: { p50, p95 } };
}

function average(sum: bigint, calls: bigint): string {
  return decimalText(rational(sum, calls), 12, "nearest");
}

function sumCounts(counts: readonly number[]): bigint {
  return counts.reduce((sum, count) => sum + BigInt(count), 0n);
}
