import { compare, minus, ONE, over, sumOf, times } from "../../scenario/rational.ts";
import { type LeverEvidenceRow, type LeverPrices, leftOut, shareOf, total, totalUsd, unknown, usdOf } from "../lever-evidence.ts";
import { percentText, readShareAndModel, type SavingLever } from "../saving-lever.ts";

export const smallModelLever: SavingLever = {
  name: "small_model",
  title: "Dynamic routing to a small model",
  example: "60%:openai/gpt-4o-mini",
  meaning: "Share of the calls that the small model answers, and which model that is",
  runbook:
    "Route what is short and simple to the small model, keep the large one as fallback. Watch errors, p95 latency and the quality score per route.",
  suggest({ rows }) {
    const [cheapest, second] = rows.filter(({ known }) => known.promptTokens + known.genTokens > 0).sort(byCostOfToken);
    return cheapest && second && `60%:${cheapest.provider}/${cheapest.model}`;
  },
  plan(target) {
    const wanted = readShareAndModel(target);
    return (
      wanted && {
        expect({ rows }, prices) {
          const calls = total(rows, ({ known }) => known.calls);
          if (calls === 0n) return unknown("no call of these has a known cost", 0);
          const isSmall = ({ provider, model }: LeverEvidenceRow) =>
            provider === wanted.provider && model.toLowerCase() === wanted.model.toLowerCase();
          const small = shareOf(
            total(rows.filter(isSmall), ({ known }) => known.calls),
            calls,
          );
          const baseline = `${percentText(small)} of the calls go to ${wanted.provider}/${wanted.model}`;
          if (compare(small, wanted.share) >= 0) return unknown("the target is reached already", Number(calls), baseline);
          const others = rows.filter((row) => !isSmall(row) && row.known.calls > 0);
          const elsewhere = others.map((row) => costOn(wanted, row, prices));
          if (elsewhere.some((cost) => cost === undefined)) {
            return unknown(`the price book has no price of ${wanted.provider}/${wanted.model}`, Number(calls), baseline);
          }
          // Every other model gives the same part of its calls.
          const part = over(minus(wanted.share, small), minus(ONE, small));
          const gap = minus(
            totalUsd(others, ({ known }) => known.cost),
            sumOf(elsewhere.filter((cost) => cost !== undefined)),
          );
          return {
            outcome: "computed",
            baseline,
            saved: times(gap, part),
            of: totalUsd(rows, ({ known }) => known.cost),
            calls: Number(calls),
            caveats: [
              "The same tokens at the small model's list price; which calls it can answer well, traces do not tell.",
              ...leftOut(rows, calls, "what they cost is not known"),
            ],
          };
        },
      }
    );
  },
};

/** The model of these calls that is cheapest by the token. */
function byCostOfToken({ known: one }: LeverEvidenceRow, { known: other }: LeverEvidenceRow): number {
  return compare(
    shareOf(one.cost, BigInt(one.promptTokens + one.genTokens)),
    shareOf(other.cost, BigInt(other.promptTokens + other.genTokens)),
  );
}

/** What these calls would cost on another model, in the tier of their average prompt. */
function costOn(to: { provider: string; model: string }, { known }: LeverEvidenceRow, prices: LeverPrices) {
  const promptTokens = Math.ceil(known.promptTokens / known.calls);
  const rates = prices.ratesOf({ ...to, promptTokens, batch: false });
  const [input, output] = [BigInt(known.promptTokens), BigInt(known.genTokens)];
  return rates && usdOf(input * rates.input + output * rates.output + BigInt(known.calls) * rates.perRequest);
}
