import { type Atto, bookedNano, formatDecimal, formatUsd } from "../money/usd.ts";
import type { Usage } from "../usage/usage.ts";
import { type Price, rateCardFor } from "./price-book.ts";
import { type CostUnit, priceCall, type TokenUnit, type UnpricedReason } from "./price-call.ts";
import type { PriceKey } from "./price-figures.ts";
import { bandFor, type RateCard } from "./rate-card.ts";
import { type PerUnit, type PricedUnit, UNIT_PRICES } from "./unit-prices.ts";

/** One line of a bill for one call: count times price is amount. */
export interface PriceLine {
  readonly unit: CostUnit;
  readonly count: number;
  readonly per: PerUnit;
  readonly priceUsd: string;
  /** Exact. */
  readonly amountUsd: string;
  /** Why this price: a whole clause. */
  readonly rule: string;
}

export type PriceExplanation =
  | {
      readonly outcome: "priced";
      readonly lines: readonly PriceLine[];
      readonly totalUsd: string;
      /** Rounded up to a nano-dollar, as it is booked. */
      readonly bookedUsd: string;
      /** The tier by prompt size begins above this many input tokens; undefined for the base. */
      readonly tierAbove: number | undefined;
    }
  | { readonly outcome: "unpriced"; readonly reason: UnpricedReason; readonly detail: string | undefined };

/** The price of its own, and whose price counts where there is none; what `rate-card.ts` compiles. */
const RULES: Readonly<Record<TokenUnit, { readonly own: PriceKey; readonly else: string }>> = {
  input: { own: "input_mtok", else: "" },
  inputAudio: { own: "input_audio_mtok", else: "input" },
  inputImage: { own: "input_image_mtok", else: "input" },
  inputVideo: { own: "input_video_mtok", else: "input" },
  cacheRead: { own: "cache_read_mtok", else: "input" },
  cacheAudioRead: { own: "cache_audio_read_mtok", else: "the dearer of audio and cached reads, or input" },
  cacheImageRead: { own: "cache_image_read_mtok", else: "the dearer of images and cached reads, or input" },
  cacheVideoRead: { own: "cache_video_read_mtok", else: "the dearer of video and cached reads, or input" },
  cacheWrite: { own: "cache_write_mtok", else: "input" },
  cacheWrite5m: { own: "cache_write_5m_mtok", else: "cache writes, or input" },
  cacheWrite1h: { own: "cache_write_1h_mtok", else: "cache writes, or input" },
  output: { own: "output_mtok", else: "" },
  outputAudio: { own: "output_audio_mtok", else: "output" },
  outputImage: { own: "output_image_mtok", else: "output" },
  outputVideo: { own: "output_video_mtok", else: "output" },
  reasoning: { own: "output_reasoning_mtok", else: "output" },
  citation: { own: "output_citation_mtok", else: "output" },
};

/** The cost of a call line by line: the very components that `priceCall` adds up, with the price and the rule of each. */
export function explainPrice(
  price: Price,
  usage: Usage,
  how: { serviceTier?: string | undefined; batch?: boolean } = {},
): PriceExplanation {
  const cost = priceCall(price, usage, how);
  if (cost.outcome === "unpriced") return { outcome: "unpriced", reason: cost.reason, detail: cost.detail };
  // `priceCall` has found the card, or it had not priced.
  const card = rateCardFor(price, how.serviceTier, how.batch === true) as RateCard;
  const { above } = bandFor(card, usage.inputTokens);
  const tier = above < 0 ? "" : `, tier above ${above} input tokens`;
  return {
    outcome: "priced",
    lines: cost.components.map(({ unit, count, atto }) => {
      const each: Atto = atto / BigInt(count);
      if (unit === "request" || unit === "webSearch") {
        return line(unit, count, "thousand", formatDecimal(each, 15), atto, unit === "request" ? "fee per request" : "fee per search");
      }
      if (isPricedUnit(unit)) {
        const { key, per, scale } = UNIT_PRICES[unit];
        const rule = `its own price, ${key}${UNIT_PRICES[unit].units === 1n ? "" : ", rounded up to an atto-dollar"}`;
        return line(unit, count, per, formatDecimal(card.perUnit.get(unit) ?? 0n, scale), atto, rule);
      }
      return line(unit, count, "million tokens", formatDecimal(each, 12), atto, ruleOf(unit, card) + tier);
    }),
    totalUsd: formatDecimal(cost.totalAtto, 18),
    bookedUsd: formatUsd(bookedNano(cost.totalAtto)),
    tierAbove: above < 0 ? undefined : above,
  };
}

function isPricedUnit(unit: CostUnit): unit is PricedUnit {
  return unit in UNIT_PRICES;
}

function line(unit: CostUnit, count: number, per: PriceLine["per"], priceUsd: string, atto: Atto, rule: string): PriceLine {
  return { unit, count, per, priceUsd, amountUsd: formatDecimal(atto, 18), rule };
}

function ruleOf(unit: TokenUnit, card: RateCard): string {
  const { own, else: other } = RULES[unit];
  return card.priced.has(own) ? `its own price, ${own}` : `no price of its own, so that of ${other}`;
}
