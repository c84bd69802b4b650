import { Problem } from "../contract/problem.ts";
import type { Nano } from "../core/money/usd.ts";
import { missingAudioPrice } from "../core/pricing/audio-price.ts";
import { callCeiling } from "../core/pricing/call-ceiling.ts";
import { reportedPriceId } from "../core/pricing/price-answer.ts";
import type { Price, PriceBook } from "../core/pricing/price-book.ts";
import { compileRateCard } from "../core/pricing/rate-card.ts";
import type { Instant } from "../core/time/window.ts";
import { unboundedModel } from "../core/usage/unbounded-fields.ts";
import type { CallSettings, Route } from "./call-settings.ts";
import type { BilledTiers, BodySummary } from "./inspect-body.ts";

/** One place the call may be sent to, with the price valid when it arrived. */
export interface PricedTarget extends Route {
  readonly price: Price;
  /** The model has no list price: its provider says what a call cost, and until then the hold that is configured for such calls counts. */
  readonly unlisted: boolean;
  /** The tier that the gateway asks for, where the caller left it open. */
  readonly serviceTier?: string;
}

/**
 * The targets that have a price. A model without one is refused: its cost could not be held.
 * @throws Problem model_not_priced when none has
 */
export function pricedTargets(routes: readonly Route[], prices: PriceBook, at: Instant): PricedTarget[] {
  const priced: PricedTarget[] = [];
  for (const route of routes) {
    const price = prices.find(route.provider.priceList, route.model, at);
    if (price) priced.push({ ...route, price, unlisted: false });
    else if (route.provider.reportsCost?.unlistedHoldNano !== undefined)
      priced.push({ ...route, price: unlistedPrice(route), unlisted: true });
  }
  if (priced.length === 0) {
    const [first] = routes;
    const called = { model: first?.model, provider: first?.provider.name };
    const currency = first && prices.currencyWithoutRate(first.provider.priceList, first.model, at);
    if (currency === undefined) throw new Problem("model_not_priced", called);
    const message = `The price of ${first?.model} is in ${currency}, and fx_rates has no rate for it that holds now.`;
    throw new Problem("model_not_priced", { ...called, reason: "no_fx_rate", detail: currency }, { message });
  }
  return priced;
}

/** What stands for the price of a model that has none: an id, and no figure that a call could be priced with. */
function unlistedPrice({ provider, model }: Route): Price {
  const id = reportedPriceId(provider.priceList, model);
  return { id, provider: provider.priceList, model, contextWindow: undefined, standard: compileRateCard(new Map()), variants: new Map() };
}

/** Passes that are held for when a provider's own tools run; recorded calls took up to 2.1 (genai-prices oracle). */
const MOST_TOOL_PASSES = 8;

/** What one call may use at the most, for the ceiling of its cost. */
export interface UseBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Audio that is known to go in or to come out, so that it needs a price of its own. */
  readonly takesAudio: boolean;
  readonly givesAudio: boolean;
  readonly mayUseAudio: boolean;
  readonly mayUseImages: boolean;
  readonly webSearches: number;
}

/** Models that speak and listen, by their makers' names: what of a stored conversation nobody sees is audio. */
const AUDIO_MODEL = /audio|realtime|voxtral|sonic|omni|live|tts|transcribe|speech/i;

/**
 * @param maxOutputTokens per choice
 * @throws Problem input_not_bounded when the request's size says nothing about its input and settings do not allow for that
 */
export function useBound(summary: BodySummary, target: PricedTarget, maxOutputTokens: number, settings: CallSettings): UseBound {
  const choices = summary.output.outcome === "invalid" ? 1 : summary.output.choices;
  const outputTokens = maxOutputTokens * choices;
  const chosen = unboundedModel(target.model);
  const input = chosen === undefined ? summary.input : { outcome: "unbounded" as const, reason: chosen, field: "model", onePass: false };
  if (input.outcome === "bounded") return { ...input, mayUseAudio: input.takesAudio || input.givesAudio, outputTokens };
  const window = target.price.contextWindow;
  // Nothing of this model bounds what another one costs.
  if (settings.unboundedInput === "refuse" || window === undefined || input.reason === "other_model") {
    const message = `What this call may cost cannot be known before it is sent, because of ${input.field} (${input.reason}).`;
    throw new Problem("input_not_bounded", { field: input.field, detail: input.reason, context_window: window ?? null }, { message });
  }
  // Tools that the provider runs make a model read its input again and again; each pass is bounded by the window.
  const passes = input.onePass ? 1 : MOST_TOOL_PASSES;
  const speaks = AUDIO_MODEL.test(target.model);
  const may = { takesAudio: speaks, givesAudio: speaks, mayUseAudio: true, mayUseImages: true };
  return { ...may, inputTokens: window * passes, outputTokens, webSearches: 0 };
}

/**
 * The most the call can cost at this target, at the dearest way it can be billed: what the request asks for, and, where it leaves the
 * service tier to the provider's project settings, the priority one.
 * @throws Problem model_not_priced when it may use what has no price
 */
export function ceilingAt(target: PricedTarget, bound: UseBound, tiers: BilledTiers): Nano {
  const { price, model, provider } = target;
  if (target.unlisted) return provider.reportsCost!.unlistedHoldNano!;
  const service = target.serviceTier ?? tiers.service;
  const left = service === undefined || service === "auto";
  const serviceTiers = left ? (price.variants.has("tier:priority") ? ["priority"] : []) : [service];
  // What the request does not say of its place, Anthropic's workspace does (inference_geo, 2026).
  const geo = tiers.place === undefined && price.variants.has("tier:geo-us") ? ["geo-us"] : [];
  const ways = [...serviceTiers, ...tiers.others, ...geo];
  const missing = missingAudioPrice(price, bound, ways);
  if (missing !== undefined) {
    const message = `No price is known for audio of ${model} (${missing}), so the cost of this call cannot be held.`;
    throw new Problem("model_not_priced", { model, provider: provider.name, reason: "no_price_for_unit", detail: missing }, { message });
  }
  const ceiling = callCeiling(price, { ...bound, requests: 1 }, { serviceTiers: ways });
  if (ceiling.outcome === "bounded") return ceiling.nano;
  throw new Problem("model_not_priced", { model, provider: provider.name, reason: ceiling.reason, detail: ceiling.detail });
}

/** The most the call can cost over every target it may be sent to. */
export function dearestCeiling(targets: readonly { target: PricedTarget; bound: UseBound }[], tiers: BilledTiers): Nano {
  return targets.reduce((most, { target, bound }) => {
    const ceiling = ceilingAt(target, bound, tiers);
    return ceiling > most ? ceiling : most;
  }, 0n);
}
