import { decimalText, rational, times } from "../../scenario/rational.ts";
import { leftOut, shareOf, total, totalUsd, unknown } from "../lever-evidence.ts";
import { percentText, readShare, type SavingLever } from "../saving-lever.ts";

export const promptCompressionLever: SavingLever = {
  name: "prompt_compression",
  title: "Prompt compression",
  example: "20%",
  meaning: "Share of the input tokens that goes away",
  runbook:
    "Shorten system prompts, examples and retrieved passages; keep what stands first as it is, since providers cache prefixes. Watch groundedness and errors.",
  suggest: () => "20%",
  plan(target) {
    const share = readShare(target);
    return (
      share && {
        expect({ rows }) {
          const calls = total(rows, ({ split }) => split.calls);
          if (calls === 0n) return unknown("no call of these has a known cost of its input", 0);
          const tokens = total(rows, ({ split }) => split.promptTokens);
          const input = totalUsd(rows, ({ split }) => split.inputCost);
          const read = shareOf(
            total(rows, ({ split }) => split.cacheReadTokens),
            tokens,
          );
          const cached =
            read.top === 0n
              ? []
              : [`${percentText(read)} of these tokens came from the provider's cache: a prompt whose beginning changes loses that.`];
          return {
            outcome: "computed",
            baseline: `${decimalText(rational(tokens, calls), 1, "nearest")} input tokens a call`,
            saved: times(input, share),
            of: totalUsd(rows, ({ split }) => split.inputCost + split.genCost),
            calls: Number(calls),
            caveats: [...cached, ...leftOut(rows, calls, "what their input cost is not known")],
          };
        },
      }
    );
  },
};
