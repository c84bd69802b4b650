import { formatDecimal } from "../money/usd.ts";
import type { Price } from "./price-book.ts";
import { bandFor } from "./rate-card.ts";

/** Standard prices of plain tokens as decimal text of USD per million, in the tier of a call with that many input tokens. */
export interface TokenPrices {
  readonly inputUsdMtok: string;
  readonly outputUsdMtok: string;
}

/** @returns undefined without a price of input; what is never sent out, as by an embedding, costs nothing to send */
export function tokenPrices(price: Price | undefined, promptTokens: number): TokenPrices | undefined {
  if (!price) return undefined;
  const { input, output } = bandFor(price.standard, promptTokens).rates;
  if (input === undefined) return undefined;
  // Atto per token is 10^-12 of USD per million tokens.
  return { inputUsdMtok: formatDecimal(input, 12), outputUsdMtok: formatDecimal(output ?? 0n, 12) };
}
