import { type Atto, parseDecimal } from "../money/usd.ts";
import { isObject } from "./usage-fields.ts";

/** xAI bills in ticks of 10^-10 USD (docs.x.ai, "cost_in_usd_ticks", 2026; met by recorded answers to the tick). */
const TICK_SCALE = 10;
const ATTO_SCALE = 18;

/**
 * What the provider says the call cost it, in USD.
 * - OpenRouter: `cost`, in credits of 1 USD; with a key of one's own (`is_byok`) that is only its fee, and the upstream's cost comes on top
 * - Perplexity: `cost.total_cost`
 * - xAI: `cost_in_usd_ticks`
 *
 * A JSON number goes through its shortest text. A decimal of up to 15 digits comes through that as it was sent; one with more, which is noise of
 * the provider's own arithmetic, as the nearest that has as few digits as tell it apart. Digits beyond an atto-dollar are rounded up.
 * @returns undefined when it says none, or nothing that is an amount
 */
export function reportedCost(usage: Record<string, unknown>): Atto | undefined {
  const { cost, cost_in_usd_ticks: ticks } = usage;
  if (typeof cost === "number") return withUpstream(usage, amountOf(cost, ATTO_SCALE));
  if (isObject(cost)) return amountOf(cost.total_cost, ATTO_SCALE);
  return ticks === undefined ? undefined : amountOf(ticks, ATTO_SCALE - TICK_SCALE);
}

function withUpstream(usage: Record<string, unknown>, fee: Atto | undefined): Atto | undefined {
  if (fee === undefined || usage.is_byok !== true) return fee;
  const upstream = isObject(usage.cost_details) ? amountOf(usage.cost_details.upstream_inference_cost, ATTO_SCALE) : undefined;
  return upstream === undefined ? undefined : fee + upstream;
}

function amountOf(value: unknown, scale: number): Atto | undefined {
  if (typeof value !== "number") return undefined;
  const amount = parseDecimal(String(value), scale, "up");
  return amount === undefined || amount < 0n ? undefined : amount;
}
