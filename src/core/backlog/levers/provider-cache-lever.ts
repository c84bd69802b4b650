import { compare, minus, rational, sumOf, times } from "../../scenario/rational.ts";
import { type LeverEvidenceRow, type LeverPrices, leftOut, shareOf, total, totalUsd, unknown, usdOf } from "../lever-evidence.ts";
import { percentText, readShare, type SavingLever } from "../saving-lever.ts";

export const providerCacheLever: SavingLever = {
  name: "provider_cache",
  title: "The provider's prompt cache",
  example: "50%",
  meaning: "Share of the input tokens that the provider reads from its cache",
  runbook:
    "Put what never changes first (instructions, tools, examples) and what changes last; mark the border where the provider wants it marked. Watch cache_read_tokens.",
  suggest: () => "50%",
  plan(target) {
    const wanted = readShare(target);
    return (
      wanted && {
        expect({ rows }, prices) {
          const tokens = total(rows, ({ known }) => known.promptTokens);
          const calls = total(rows, ({ known }) => known.calls);
          if (tokens === 0n) return unknown("no call of these has input tokens at a known cost", Number(calls));
          const read = shareOf(
            total(rows, ({ known }) => known.cacheReadTokens),
            tokens,
          );
          const baseline = `${percentText(read)} of the input tokens are read from the provider's cache`;
          if (compare(read, wanted) >= 0) return unknown("the target is reached already", Number(calls), baseline);
          const able = rows.filter((row) => savedPerToken(row, prices) !== undefined);
          if (able.length === 0)
            return unknown("the price book has no lower price of cached input for these models", Number(calls), baseline);
          // Each model reads the wanted share of its own tokens; those that do so already stay.
          const saved = able.map((row) => {
            const missing = minus(times(wanted, rational(BigInt(row.known.promptTokens))), rational(BigInt(row.known.cacheReadTokens)));
            return missing.top <= 0n ? rational(0n) : times(missing, usdOf(savedPerToken(row, prices) ?? 0n));
          });
          return {
            outcome: "computed",
            baseline,
            saved: sumOf(saved),
            of: totalUsd(able, ({ known }) => known.cost),
            calls: Number(total(able, ({ known }) => known.calls)),
            caveats: [
              "At list prices. How much of the prompts is the same from call to call, traces do not tell; what writing into the cache costs is not taken off.",
              ...leftOut(
                rows,
                total(able, ({ known }) => known.calls),
                "their cost, or a price of cached input of their model, is not known",
              ),
            ],
          };
        },
      }
    );
  },
};

function savedPerToken({ provider, model, known }: LeverEvidenceRow, prices: LeverPrices): bigint | undefined {
  if (known.calls === 0) return undefined;
  const rates = prices.ratesOf({ provider, model, promptTokens: Math.ceil(known.promptTokens / known.calls), batch: false });
  return rates && rates.cacheRead < rates.input ? rates.input - rates.cacheRead : undefined;
}
