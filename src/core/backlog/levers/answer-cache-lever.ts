import { compare, minus, over, rational, times } from "../../scenario/rational.ts";
import { leftOut, shareOf, total, totalUsd, unknown } from "../lever-evidence.ts";
import { percentText, readShare, type SavingLever } from "../saving-lever.ts";

export const answerCacheLever: SavingLever = {
  name: "answer_cache",
  title: "Cache of answers (exact and semantic)",
  example: "60%",
  meaning: "Share of the requests that are answered from the cache",
  runbook:
    "Send an Idempotency-Key where requests repeat, and keep answers for budgets with on_short: cached_only. Watch stale answers and the hit rate.",
  suggest: () => "60%",
  plan(target) {
    const wanted = readShare(target);
    return (
      wanted && {
        expect({ rows }) {
          const [calls, cached] = [total(rows, (row) => row.calls), total(rows, (row) => row.cached)];
          const known = total(rows, (row) => row.known.calls);
          const hit = shareOf(cached, calls + cached);
          if (known === 0n) return unknown("no call of these has a known cost", 0);
          const baseline = `${percentText(hit)} of ${calls + cached} requests are answered from the cache`;
          if (compare(hit, wanted) >= 0) return unknown("the target is reached already", Number(known), baseline);
          // So many calls of all would not be made, each at what a call cost on average.
          const cost = totalUsd(rows, (row) => row.known.cost);
          const avoided = times(minus(wanted, hit), rational(calls + cached));
          return {
            outcome: "computed",
            baseline,
            saved: times(cost, over(avoided, rational(calls))),
            of: cost,
            calls: Number(known),
            caveats: [
              "Whether so many requests repeat, traces do not tell: they hold no prompts. What looking into the cache costs is not taken off.",
              ...leftOut(rows, known, "what they cost is not known"),
            ],
          };
        },
      }
    );
  },
};
