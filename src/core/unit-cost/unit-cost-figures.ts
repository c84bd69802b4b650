import { formatDecimal } from "../money/usd.ts";
import { decimalText, minus, over, type Rational, rational, times } from "../scenario/rational.ts";
import { COST_COMPONENTS, type CostComponentName } from "./measures.ts";
import { totalOfComponents, type UnitCostSums } from "./unit-cost-sums.ts";
import { QUANTITY_DECIMALS } from "./unit-price.ts";

const ATTO_DECIMALS = 18;
const ATTO = 10n ** BigInt(ATTO_DECIMALS);
/** Sums are told to their last digit; what is divided to the nearest 10⁻¹² USD. */
const RATIO_DECIMALS = 12;

/** What is told of a group: sums as they are, and what they come to per request and the like. Null is not known, or divided by nothing. */
export interface UnitCostFigures {
  readonly calls: number;
  readonly cached: number;
  /** Answered: calls and answers given again. */
  readonly requests: number;
  readonly in_doubt: number;
  readonly unpriced: number;
  readonly prompt_tokens: number;
  readonly gen_tokens: number;
  readonly components: Readonly<Record<CostComponentName, string>>;
  readonly total_usd: string;
  readonly per_request_usd: string | null;
  readonly per_inference_usd: string | null;
  readonly per_1k_tokens_usd: string | null;
  readonly lump_usd: string;
  readonly training_usd: string;
  readonly gpu_hours: string;
  readonly revenue_usd: string | null;
  readonly margin_usd: string | null;
  readonly margin_percent: string | null;
  readonly business: Readonly<Record<string, { readonly count: string; readonly usd_per_one: string | null }>>;
  readonly unpriced_parts: readonly { readonly measure: string; readonly reason: string; readonly count: number }[];
}

/** @param levels counts of business that are told by the configuration, such as customers */
export function unitCostFigures(sums: UnitCostSums, levels: Readonly<Record<string, Rational>> = {}): UnitCostFigures {
  const { calls, cached, components, revenueAtto } = sums;
  const total = rational(totalOfComponents(sums), ATTO);
  const models = rational(components.input + components.generation, ATTO);
  const counted = Object.entries(sums.business).map(([name, micro]) => [name, rational(micro, 10n ** BigInt(QUANTITY_DECIMALS))] as const);
  const marginAtto = revenueAtto === null ? null : revenueAtto - totalOfComponents(sums);
  return {
    calls,
    cached,
    requests: calls + cached,
    in_doubt: sums.inDoubt,
    unpriced: sums.unknownCost,
    prompt_tokens: sums.promptTokens,
    gen_tokens: sums.genTokens,
    components: Object.fromEntries(COST_COMPONENTS.map((name) => [name, atto(components[name])])) as Record<CostComponentName, string>,
    total_usd: atto(totalOfComponents(sums)),
    per_request_usd: ratioText(perRequest(sums)),
    per_inference_usd: ratioText(perOne(models, BigInt(calls - sums.unknownCost))),
    per_1k_tokens_usd: ratioText(perOne(times(models, rational(1000n)), BigInt(sums.pricedTokens))),
    lump_usd: atto(sums.lumpAtto),
    training_usd: atto(sums.trainingAtto),
    gpu_hours: formatDecimal(sums.gpuHours, QUANTITY_DECIMALS),
    revenue_usd: revenueAtto === null ? null : atto(revenueAtto),
    margin_usd: marginAtto === null ? null : atto(marginAtto),
    margin_percent:
      marginAtto === null || revenueAtto === null || revenueAtto === 0n ? null : percentText(rational(marginAtto, revenueAtto)),
    business: Object.fromEntries(
      [...Object.entries(levels), ...counted].map(([name, count]) => {
        const each = count.top === 0n ? null : over(total, count);
        return [name, { count: decimalText(count, QUANTITY_DECIMALS, "nearest"), usd_per_one: ratioText(each) }];
      }),
    ),
    unpriced_parts: Object.entries(sums.unpricedParts).map(([key, count]) => {
      const [measure = "", reason = ""] = key.split(" ");
      return { measure, reason, count };
    }),
  };
}

/** The unit cost of a request, over the requests whose cost is known. */
export function perRequest(sums: UnitCostSums): Rational | null {
  return perOne(rational(totalOfComponents(sums), ATTO), BigInt(sums.calls + sums.cached - sums.unknownCost));
}

/** How far a value is from a baseline, in percent of it. */
export function deviationPercent(value: Rational | null, baseline: Rational): string | null {
  return value === null || baseline.top === 0n ? null : percentText(over(minus(value, baseline), baseline));
}

export function ratioText(value: Rational | null): string | null {
  return value === null ? null : decimalText(value, RATIO_DECIMALS, "nearest");
}

function percentText(share: Rational): string {
  return decimalText(times(share, rational(100n)), 2, "nearest");
}

function perOne(amount: Rational, count: bigint): Rational | null {
  return count <= 0n ? null : over(amount, rational(count));
}

function atto(value: bigint): string {
  return formatDecimal(value, ATTO_DECIMALS);
}
