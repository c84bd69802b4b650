import { compare, minus, ONE, over, sumOf, times } from "../../scenario/rational.ts";
import { type LeverEvidenceRow, type LeverPrices, leftOut, shareOf, total, totalUsd, unknown, usdOf } from "../lever-evidence.ts";
import { percentText, readShare, type SavingLever } from "../saving-lever.ts";

export const batchLever: SavingLever = {
  name: "batch",
  title: "Batch instead of at once",
  example: "30%",
  meaning: "Share of the calls that can wait and go as a batch",
  runbook: "Move what nobody waits for (reports, evaluations, backfills) to the provider's batch interface. Watch how late results come.",
  suggest: () => "30%",
  plan(target) {
    const wanted = readShare(target);
    return (
      wanted && {
        expect({ rows }, prices) {
          const calls = total(rows, ({ known }) => known.calls);
          if (calls === 0n) return unknown("no call of these has a known cost", 0);
          const batched = shareOf(
            total(rows, ({ known }) => known.batchCalls),
            calls,
          );
          const baseline = `${percentText(batched)} of the calls are batches`;
          if (compare(batched, wanted) >= 0) return unknown("the target is reached already", Number(calls), baseline);
          const priced = rows.flatMap((row) => {
            const cost = batchCost(row, prices);
            return cost ? [{ row, cost }] : [];
          });
          const able = priced.map(({ row }) => row);
          if (able.length === 0) return unknown("the price book has no batch price of these models", Number(calls), baseline);
          const cost = totalUsd(able, ({ known }) => known.cost);
          const part = over(minus(wanted, batched), minus(ONE, batched));
          return {
            outcome: "computed",
            baseline,
            saved: times(minus(cost, sumOf(priced.map((one) => one.cost))), part),
            of: cost,
            calls: Number(total(able, ({ known }) => known.calls)),
            caveats: leftOut(
              rows,
              total(able, ({ known }) => known.calls),
              "their cost, or a batch price of their model, is not known",
            ),
          };
        },
      }
    );
  },
};

/** The same tokens at the list's batch price; cached ones as what they are. */
function batchCost({ provider, model, known }: LeverEvidenceRow, prices: LeverPrices) {
  if (known.calls === 0) return undefined;
  const rates = prices.ratesOf({ provider, model, promptTokens: Math.ceil(known.promptTokens / known.calls), batch: true });
  const [input, read] = [BigInt(known.promptTokens - known.cacheReadTokens), BigInt(known.cacheReadTokens)];
  return (
    rates &&
    usdOf(input * rates.input + read * rates.cacheRead + BigInt(known.genTokens) * rates.output + BigInt(known.calls) * rates.perRequest)
  );
}
