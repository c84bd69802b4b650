import { type Price, rateCardFor } from "./price-book.ts";

/** The keys of a price that audio is billed at. */
export type AudioPriceKey = "input_audio_mtok" | "output_audio_mtok";

/**
 * The price that a call with audio lacks. The reference implementation books audio without a price of its own at the price of text, and
 * `priceCall` does as it does; audio costs up to 20 times as much (gpt-4o-audio-preview), so nobody should send such a call.
 * @param serviceTiers every way the call may be billed, besides the standard one
 */
export function missingAudioPrice(
  price: Price,
  audio: { readonly takesAudio: boolean; readonly givesAudio: boolean },
  serviceTiers: readonly string[],
): AudioPriceKey | undefined {
  for (const tier of [undefined, ...serviceTiers]) {
    const card = rateCardFor(price, tier, false);
    if (!card) continue;
    if (audio.takesAudio && !card.pricesAudio.input) return "input_audio_mtok";
    if (audio.givesAudio && !card.pricesAudio.output) return "output_audio_mtok";
  }
  return undefined;
}
