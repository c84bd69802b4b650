import { compare, decimalText, minus, ONE, over, rational, times } from "../../scenario/rational.ts";
import { total, unknown, usdOf } from "../lever-evidence.ts";
import { readWhole, type SavingLever } from "../saving-lever.ts";

export const retrievalDepthLever: SavingLever = {
  name: "retrieval_depth",
  title: "Retrieval depth k and rerank",
  example: "4",
  meaning: "Results that a retrieval query asks for",
  runbook: "Lower k step by step and rerank what is left. Watch groundedness: it falls before anybody complains.",
  suggest: () => "4",
  plan(target) {
    const wanted = readWhole(target, 100_000);
    if (wanted === undefined) return undefined;
    return {
      asksRetrieval: true,
      expect({ rows, retrievalCost }) {
        const said = total(rows, ({ depth }) => depth.calls);
        if (said === 0n) return unknown("no call of these says its retrieval depth: applications have to report it", 0);
        const average = rational(
          total(rows, ({ depth }) => depth.sum),
          said,
        );
        const baseline = `k ${decimalText(average, 1, "nearest")} on average`;
        if (retrievalCost === undefined) return unknown("nobody told what retrieval cost in these calls", Number(said), baseline);
        if (compare(average, rational(BigInt(wanted))) <= 0) return unknown("the target is reached already", Number(said), baseline);
        const cost = usdOf(retrievalCost);
        return {
          outcome: "computed",
          baseline,
          saved: times(cost, minus(ONE, over(rational(BigInt(wanted)), average))),
          of: cost,
          calls: Number(said),
          caveats: ["Retrieval is taken to cost in proportion to k; the shorter prompts are not counted."],
        };
      },
    };
  },
};
