import { type ExplainAnswer, USAGE_FIELDS } from "../contract/price-explain-contract.ts";
import { Problem } from "../contract/problem.ts";
import { formatDecimal } from "../core/money/usd.ts";
import { explainPrice } from "../core/pricing/explain-price.ts";
import { costBeyondCounts } from "../core/pricing/price-answer.ts";
import type { Price } from "../core/pricing/price-book.ts";
import { extractUsage, type MeasuredUsage } from "../core/usage/extract-usage.ts";
import { isOtherUnit, OTHER_UNITS } from "../core/usage/other-units.ts";
import { NO_USAGE, type TokenCounts, type Usage, type UsageDialect } from "../core/usage/usage.ts";

const MOST_COUNT = 1_000_000_000_000;

/** Where an answer keeps its usage, by dialect; under `usage` in all others. */
const USAGE_MEMBERS: Readonly<Partial<Record<UsageDialect, readonly string[]>>> = {
  "google-generate-content": ["usageMetadata"],
  "bedrock-invoke-model": ["usage", "amazon-bedrock-invocationMetrics", "inputTextTokenCount", "prompt_token_count"],
  "openai-realtime": ["usage", "response"],
  "openai-images": ["usage", "data"],
  cohere: ["usage", "meta"],
};

/**
 * Usage as a request gives it: our inclusive counts, or what a provider's answer said.
 * @throws Problem invalid_request that names the count
 */
export function readUsage(given: Readonly<Record<string, unknown>>, dialect: UsageDialect | undefined): MeasuredUsage {
  if (dialect === undefined) return asMeasured(ourUsage(given));
  const members = USAGE_MEMBERS[dialect] ?? ["usage"];
  const isWhole = members.some((member) => Object.hasOwn(given, member));
  const reading = extractUsage(dialect, isWhole ? given : { [members[0]!]: given });
  if (reading.outcome === "measured") return reading;
  const detail = reading.detail === undefined ? "" : `: ${reading.detail}`;
  const message = `/usage is no usage of ${dialect} (${reading.reason}${detail}).`;
  throw new Problem("invalid_request", { field: "/usage", in: "body" }, { message });
}

function ourUsage(given: Readonly<Record<string, unknown>>): Usage {
  const tokens: { -readonly [Count in keyof TokenCounts]: TokenCounts[Count] } = { ...NO_USAGE };
  const units: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(USAGE_FIELDS, name) ? USAGE_FIELDS[name] : undefined;
    const known = { field: `/usage/${name}`, in: "body", allowed: [...Object.keys(USAGE_FIELDS), ...OTHER_UNITS] };
    if (field === undefined && !isOtherUnit(name)) {
      const message = `/usage/${name} is no count; there are ${known.allowed.join(", ")}. For the usage of a provider's answer send dialect.`;
      throw new Problem("invalid_request", known, { message });
    }
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > MOST_COUNT) {
      throw new Problem("invalid_request", known, { message: `/usage/${name} is no whole number from 0 to ${MOST_COUNT}.` });
    }
    if (field === undefined) units[name] = value;
    else tokens[field] = value;
  }
  return Object.keys(units).length === 0 ? tokens : { ...tokens, units };
}

function asMeasured(usage: Usage): MeasuredUsage {
  const nothing = { model: undefined, serviceTier: undefined, responseId: undefined, unknownCounts: undefined, costAtto: undefined };
  return { outcome: "measured", usage, ...nothing, billedApart: [] };
}

/** How the call was made, and which counts of its answer the operator has said to cost nothing. */
export interface ExplainedCall {
  readonly serviceTier: string | undefined;
  readonly batch: boolean;
  readonly ignoredKeys: ReadonlySet<string>;
}

export function explanationView(price: Price | undefined, reading: MeasuredUsage, how: ExplainedCall, at: number): ExplainAnswer {
  const serviceTier = how.serviceTier ?? reading.serviceTier;
  const head = {
    at: new Date(at).toISOString(),
    price_id: price?.id ?? null,
    source: price?.id.split("/")[0] ?? null,
    usage: countsOf(reading.usage),
    service_tier: serviceTier ?? null,
    provider_cost_usd: reading.costAtto === undefined ? null : formatDecimal(reading.costAtto, 18),
  };
  const nothing = { tier_above_input_tokens: null, lines: [], total_usd: null, booked_usd: null };
  if (!price) return { ...head, outcome: "unpriced", reason: "no_price", ...nothing };
  const { batch, ignoredKeys } = how;
  const told = costBeyondCounts(reading, ignoredKeys) ?? explainPrice(price, reading.usage, { serviceTier, batch });
  if (told.outcome === "unpriced") {
    return { ...head, outcome: "unpriced", reason: told.detail === undefined ? told.reason : `${told.reason}: ${told.detail}`, ...nothing };
  }
  return {
    ...head,
    outcome: "priced",
    reason: null,
    tier_above_input_tokens: told.tierAbove ?? null,
    lines: told.lines.map(({ unit, count, per, priceUsd, amountUsd, rule }) => {
      return { unit, count, per, price_usd: priceUsd, amount_usd: amountUsd, rule };
    }),
    total_usd: told.totalUsd,
    booked_usd: told.bookedUsd,
  };
}

/** Counts above zero, by their names on the wire. */
function countsOf(usage: Usage): Record<string, number> {
  const tokens = Object.entries(USAGE_FIELDS).map(([name, field]): [string, number] => [name, usage[field]]);
  return Object.fromEntries([...tokens, ...Object.entries(usage.units ?? {})].filter(([, count]) => count > 0));
}
