import { times } from "../../scenario/rational.ts";
import { leftOut, shareOf, total, totalUsd, unknown } from "../lever-evidence.ts";
import { percentText, readShare, type SavingLever } from "../saving-lever.ts";

export const unusedAnswersLever: SavingLever = {
  name: "unused_answers",
  title: "Answers that nobody gets",
  example: "50%",
  meaning: "Share that goes away of what is paid for answers that break off, time out or lose their caller",
  runbook:
    "Look at `GET /api/v1/traces` by outcome: raise timeouts that cut answers off, end calls whose page was left, mend what fails halfway.",
  suggest: () => "50%",
  plan(target) {
    const share = readShare(target);
    return (
      share && {
        expect({ rows }) {
          const calls = total(rows, ({ known }) => known.calls);
          if (calls === 0n) return unknown("no call of these has a known cost", 0);
          const unused = total(rows, ({ known }) => known.unusedCalls);
          return {
            outcome: "computed",
            baseline: `${unused} of ${calls} calls (${percentText(shareOf(unused, calls))}) were paid for and not received whole`,
            saved: times(
              totalUsd(rows, ({ known }) => known.unusedCost),
              share,
            ),
            of: totalUsd(rows, ({ known }) => known.cost),
            calls: Number(calls),
            caveats: leftOut(rows, calls, "what they cost is not known"),
          };
        },
      }
    );
  },
};
