import type { Expectation } from "../core/backlog/lever-evidence.ts";
import { decimalText, minus, over, type Rational, times, ZERO } from "../core/scenario/rational.ts";
import type { ExpectationView } from "./backlog-contract.ts";

const DAYS_A_MONTH: Rational = { top: 30n, bottom: 1n };

/** Scaled from the measured days to thirty, and rounded down: no saving is promised that is not there. */
export function expectationView(found: Expectation, days: Rational): ExpectationView {
  const { baseline, calls } = found;
  if (found.outcome === "unknown") {
    const nothing = { saving_usd_month: null, saving_percent: null, of_usd: null };
    return { outcome: "unknown", baseline, ...nothing, calls, reason: found.reason, caveats: [] };
  }
  const monthly = over(times(found.saved, DAYS_A_MONTH), days);
  return {
    outcome: "computed",
    baseline,
    saving_usd_month: downText(monthly, 9),
    saving_percent: found.of.top === 0n ? null : downText(over(times(found.saved, { top: 100n, bottom: 1n }), found.of), 1),
    of_usd: decimalText(found.of, 18, "up"),
    calls,
    reason: null,
    caveats: [...found.caveats],
  };
}

function downText(value: Rational, places: number): string {
  const text = decimalText(minus(ZERO, value), places, "up");
  return text.startsWith("-") ? text.slice(1) : text === "0" ? "0" : `-${text}`;
}
