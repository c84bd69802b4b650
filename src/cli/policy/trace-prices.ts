import { readConfig } from "../../config/read-config.ts";
import { readPriceBook } from "../../config/read-price-book.ts";
import { bookedNano, type Nano } from "../../core/money/usd.ts";
import type { Price, PriceBook } from "../../core/pricing/price-book.ts";
import { priceCall } from "../../core/pricing/price-call.ts";
import type { EffectTerms, TracedCall } from "../../core/replay/lever-effects.ts";
import { NO_USAGE } from "../../core/usage/usage.ts";
import type { CommandContext } from "../command.ts";
import { wholeNumber } from "../read-number.ts";
import { UsageError } from "../usage-error.ts";
import type { TraceRow } from "./read-call-trace.ts";

/** A model of the price book, as "provider/model". */
interface ListedModel {
  readonly text: string;
  readonly price: Price;
}

export interface PricedTrace {
  readonly calls: readonly TracedCall[];
  readonly terms: EffectTerms;
  /** One sentence: at whose prices. */
  readonly basis: string;
}

/** The calls of a trace with what they cost, and what a replay takes levers to do. @throws UsageError where a model has no price */
export function pricedTrace(rows: readonly TraceRow[], context: CommandContext): PricedTrace {
  const book = readPriceBook(readConfig({ path: context.text("config") }));
  const now = Date.now();
  const listed = (text: string, option: string): ListedModel => {
    const price = priceOf(book, text, now);
    if (price) return { text, price };
    throw new UsageError(`The price book has no price of ${text}.`, `Name a model that has one, such as --${option} openai/gpt-4o.`);
  };
  const [other, small] = [listed(context.text("as")!, "as"), listed(context.text("small-model")!, "small-model")];
  const known = new Map<string, Price>([[other.text, other.price]]);
  const modelOf = ({ provider, model }: TraceRow): string => {
    if (model === undefined) return other.text;
    const name = provider === undefined ? model : `${provider}/${model}`;
    const price = known.get(name) ?? priceOf(book, name, now);
    if (price) known.set(name, price);
    return price ? name : other.text;
  };
  const calls = rows.map((row): TracedCall => {
    const { useCase: _useCase, provider: _provider, costNano, ...rest } = row;
    const model = modelOf(row);
    const listNano = row.isCached ? 0n : tokensNano(known.get(model)!, row.promptTokens, row.genTokens);
    return { ...rest, model, costNano: costNano ?? listNano };
  });
  const percent = (name: string) => wholeNumber(context, name, 0, 100)!;
  return {
    calls,
    basis: basisOf(rows, other, small),
    terms: {
      hitsPerLevel: percent("cache-hit"),
      compressedTo: percent("compressed-to"),
      batchPrice: percent("batch-price"),
      listNano: (call, model, promptTokens, genTokens) => {
        // A small model that costs more is no saving, and a gateway would not take it.
        const own = tokensNano(known.get(call.model)!, promptTokens, genTokens);
        const asSmall = model === "small" ? tokensNano(small.price, promptTokens, genTokens) : own;
        return asSmall < own ? asSmall : own;
      },
    },
  };
}

function priceOf(book: PriceBook, name: string, at: number): Price | undefined {
  const slash = name.indexOf("/");
  return slash < 0 ? undefined : book.find(name.slice(0, slash).toLowerCase(), name.slice(slash + 1), at);
}

function tokensNano(price: Price, inputTokens: number, outputTokens: number): Nano {
  const cost = priceCall(price, { ...NO_USAGE, inputTokens, outputTokens });
  return cost.outcome === "priced" ? bookedNano(cost.totalAtto) : 0n;
}

function basisOf(rows: readonly TraceRow[], other: ListedModel, small: ListedModel): string {
  const costed = rows.filter(({ costNano }) => costNano !== undefined).length;
  const own =
    costed === rows.length
      ? "as booked in the trace"
      : costed === 0
        ? "at today's list prices"
        : `as booked for ${costed} calls, at list prices for the others`;
  return `Costs are ${own}; a call without a priced model counts as ${other.text}, and the small model is ${small.text}.`;
}
