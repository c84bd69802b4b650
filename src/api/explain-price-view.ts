import { type ExplainAnswer, USAGE_FIELDS } from "../contract/price-explain-contract.ts";
import { Problem } from "../contract/problem.ts";
import { explainPrice } from "../core/pricing/explain-price.ts";
import type { Price } from "../core/pricing/price-book.ts";
import { extractUsage } from "../core/usage/extract-usage.ts";
import { NO_USAGE, type Usage, type UsageDialect } from "../core/usage/usage.ts";

const MOST_TOKENS = 1_000_000_000_000;

/**
 * Usage as a request gives it: our inclusive counts, or what a provider's answer said.
 * @throws Problem invalid_request that names the count
 */
export function readUsage(given: Readonly<Record<string, unknown>>, dialect: UsageDialect | undefined): Usage {
  if (dialect !== undefined) {
    const reading = extractUsage(dialect, { usage: given });
    if (reading.outcome === "measured") return reading.usage;
    const detail = reading.detail === undefined ? "" : `: ${reading.detail}`;
    throw new Problem(
      "invalid_request",
      { field: "/usage", in: "body" },
      { message: `/usage is no usage of ${dialect} (${reading.reason}${detail}).` },
    );
  }
  const usage: Record<string, number> = { ...NO_USAGE };
  for (const [name, value] of Object.entries(given)) {
    const field = USAGE_FIELDS[name];
    const known = { field: `/usage/${name}`, in: "body", allowed: Object.keys(USAGE_FIELDS) };
    if (field === undefined) {
      const message = `/usage/${name} is no count; there are ${known.allowed.join(", ")}. For the usage of a provider's answer send dialect.`;
      throw new Problem("invalid_request", known, { message });
    }
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > MOST_TOKENS) {
      throw new Problem("invalid_request", known, { message: `/usage/${name} is no whole number from 0 to ${MOST_TOKENS}.` });
    }
    usage[field] = value;
  }
  return usage as unknown as Usage;
}

/** @param how which service tier was served, and whether in a batch */
export function explanationView(
  price: Price | undefined,
  usage: Usage,
  how: { serviceTier: string | undefined; batch: boolean },
  at: number,
): ExplainAnswer {
  const nothing = { tier_above_input_tokens: null, lines: [], total_usd: null, booked_usd: null };
  const head = { at: new Date(at).toISOString(), price_id: price?.id ?? null, source: price?.id.split("/")[0] ?? null };
  if (!price) return { ...head, outcome: "unpriced", reason: "no_price", ...nothing };
  const told = explainPrice(price, usage, how);
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
