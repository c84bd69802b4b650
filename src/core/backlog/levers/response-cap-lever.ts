import { rational, sumOf, times } from "../../scenario/rational.ts";
import { leftOut, shareOf, total, totalUsd, unknown, usdOf } from "../lever-evidence.ts";
import { percentText, readWhole, type SavingLever } from "../saving-lever.ts";

export const responseCapLever: SavingLever = {
  name: "response_cap",
  title: "Response cap",
  example: "350",
  meaning: "The most output tokens of an answer",
  runbook:
    "Lower max_tokens, and ask for short answers in the prompt. Watch how many answers end for their length, and what users say of them.",
  suggest: () => "350",
  plan(target) {
    const capTokens = readWhole(target, 10_000_000);
    if (capTokens === undefined) return undefined;
    return {
      capTokens,
      expect({ rows, genTokensP95 }) {
        const calls = total(rows, ({ split }) => split.calls);
        if (calls === 0n || genTokensP95 === null) return unknown("no call of these has a known cost of its output", 0);
        // A token of a model costs what its tokens cost on average in these calls.
        const saved = rows.map(({ split }) => times(usdOf(split.genCost), shareOf(BigInt(split.genTokensAbove), BigInt(split.genTokens))));
        const above = shareOf(
          total(rows, ({ split }) => split.callsAbove),
          calls,
        );
        return {
          outcome: "computed",
          baseline: `p95 ${Math.round(genTokensP95)} output tokens; ${percentText(above)} of the answers are longer than ${capTokens}`,
          saved: sumOf(saved.length > 0 ? saved : [rational(0n)]),
          of: totalUsd(rows, ({ split }) => split.inputCost + split.genCost),
          calls: Number(calls),
          caveats: [
            "Reasoning counts as output: a cap on the answer alone saves less.",
            ...leftOut(rows, calls, "what their output cost is not known"),
          ],
        };
      },
    };
  },
};
