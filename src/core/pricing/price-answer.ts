import type { Atto } from "../money/usd.ts";
import type { MeasuredUsage } from "../usage/extract-usage.ts";
import { missingAudioPrice } from "./audio-price.ts";
import type { Price } from "./price-book.ts";
import { type PricedCall, priceCall, type UnpricedReason } from "./price-call.ts";

/** What an answer is priced with. */
export interface AnswerPricing {
  /** As found for the moment the call started; undefined for a model without one, whose provider says what each call cost. */
  readonly price: Price | undefined;
  /** The tier that was asked for: counts where the answer names none. */
  readonly askedTier: string | undefined;
  /** Whether the cost that the provider says is what is booked. */
  readonly byProvider: boolean;
  /** Paths of counts that the operator knows to cost nothing. */
  readonly ignoredKeys: ReadonlySet<string>;
}

/** A cost that the provider said. It holds all of the call, and nothing tells which part of it is which. */
export interface ReportedCost {
  readonly outcome: "reported";
  readonly totalAtto: Atto;
}

const REPORTED = "provider_reported/";

/** The price id of a cost that the provider said. */
export function reportedPriceId(priceList: string, model: string): string {
  return `${REPORTED}${priceList}/${model}`;
}

export function isReportedPriceId(priceId: string): boolean {
  return priceId.startsWith(REPORTED);
}

/** Why an answer has no price, beside what `priceCall` knows. */
export type UnpricedAnswerReason = UnpricedReason | "billed_apart" | "no_reported_cost" | "implausible_cost";

export interface UnpricedAnswer {
  readonly outcome: "unpriced";
  readonly reason: UnpricedAnswerReason;
  readonly detail?: string;
}

export type AnswerCost = PricedCall | ReportedCost | UnpricedAnswer;

/**
 * What an answer cost. A count that no reader knows, or something that is billed apart, makes the cost unknown: the sum of the rest would be
 * too small. Where the provider's own word is what counts, it covers these too.
 */
export function priceAnswer(reading: MeasuredUsage, how: AnswerPricing): AnswerCost {
  if (how.byProvider && reading.costAtto !== undefined) return { outcome: "reported", totalAtto: reading.costAtto };
  if (how.price === undefined) return { outcome: "unpriced", reason: "no_reported_cost" };
  const notCounted = costBeyondCounts(reading, how.ignoredKeys);
  if (notCounted !== undefined) return notCounted;
  const { usage } = reading;
  const serviceTier = reading.serviceTier ?? how.askedTier;
  const audio = { takesAudio: usage.inputAudioTokens > 0, givesAudio: usage.outputAudioTokens > 0 };
  const missing = missingAudioPrice(how.price, audio, serviceTier === undefined ? [] : [serviceTier]);
  if (missing !== undefined) return { outcome: "unpriced", reason: "no_price_for_unit", detail: missing };
  return priceCall(how.price, usage, { serviceTier });
}

/**
 * What of an answer's cost its known counts do not hold, if anything.
 * @param ignored paths of counts that the operator knows to cost nothing
 */
export function costBeyondCounts(
  { unknownCounts = {}, billedApart }: MeasuredUsage,
  ignored: ReadonlySet<string>,
): UnpricedAnswer | undefined {
  const unknown = Object.keys(unknownCounts).find((path) => !ignored.has(path));
  if (unknown !== undefined) return { outcome: "unpriced", reason: "unknown_usage_unit", detail: unknown };
  const [apart] = billedApart;
  return apart === undefined ? undefined : { outcome: "unpriced", reason: "billed_apart", detail: apart };
}
