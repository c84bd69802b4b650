import { minus, parseRational, rational, times } from "../../scenario/rational.ts";
import { leftOut, total, totalUsd, unknown } from "../lever-evidence.ts";
import { readShare, type SavingLever } from "../saving-lever.ts";

export const localModelLever: SavingLever = {
  name: "local_model",
  title: "Quantized model of our own",
  example: "15%@0.08",
  meaning: "Share of the calls that a model of our own answers, and what a million of its tokens costs us in USD",
  runbook:
    "Serve a quantized model for the calls that it answers well, with the provider as fallback. Watch p95 latency and how busy the machines are.",
  suggest: () => "15%",
  plan(target) {
    const [shareText = "", costText] = target.split("@");
    const share = readShare(shareText);
    const own = costText === undefined ? undefined : parseRational(costText.trim());
    if (!share || (costText !== undefined && (own === undefined || own.top < 0n))) return undefined;
    return {
      expect({ rows }) {
        const calls = total(rows, ({ known }) => known.calls);
        if (calls === 0n) return unknown("no call of these has a known cost", 0);
        const tokens = total(rows, ({ known }) => known.promptTokens + known.genTokens);
        const baseline = `${tokens} tokens at providers`;
        if (!own)
          return unknown(
            "what a token of our own costs is not said: write the target as 15%@0.08 (USD per million tokens)",
            Number(calls),
            baseline,
          );
        const cost = totalUsd(rows, ({ known }) => known.cost);
        const ours = times(own, rational(tokens, 1_000_000n));
        return {
          outcome: "computed",
          baseline,
          saved: times(minus(cost, ours), share),
          of: cost,
          calls: Number(calls),
          caveats: [
            "What a token of our own costs is the target's word, not measured.",
            ...leftOut(rows, calls, "what they cost is not known"),
          ],
        };
      },
    };
  },
};
