import { NANO_PER_USD, type Nano } from "../money/usd.ts";
import { compare, floorOf, type Rational, rational, times } from "./rational.ts";

/** What a proposal is made from: the run-rate of a scenario, or what 95 of 100 draws stay below where that is more. */
export interface CapSource {
  readonly scenario: string;
  readonly useCase: string | undefined;
  readonly tenant: string | undefined;
  readonly monthlyUsd: Rational;
}

export interface ProposedCap {
  readonly scope: Readonly<Record<string, string>>;
  readonly limitNano: Nano;
  /** The scenario that asks for most. */
  readonly scenario: string;
  readonly monthlyUsd: Rational;
}

/** Room above the scenario, so that a month as planned does not end in refusals. */
export const CAP_HEADROOM = rational(1n, 10n);

/**
 * One monthly cap for each use case and tenant, carrying its dearest scenario with a tenth of headroom, rounded up to two digits: 8,160 USD
 * asks for 9,000, as the economics document does.
 */
export function proposeCaps(sources: readonly CapSource[]): ProposedCap[] {
  const dearest = new Map<string, CapSource>();
  for (const source of sources) {
    const key = JSON.stringify([source.tenant, source.useCase]);
    const other = dearest.get(key);
    if (!other || compare(source.monthlyUsd, other.monthlyUsd) > 0) dearest.set(key, source);
  }
  return [...dearest.values()].map(({ scenario, useCase, tenant, monthlyUsd }) => ({
    scope: { ...(tenant === undefined ? {} : { tenant }), ...(useCase === undefined ? {} : { use_case: useCase }) },
    limitNano: roundCap(times(monthlyUsd, { top: CAP_HEADROOM.top + CAP_HEADROOM.bottom, bottom: CAP_HEADROOM.bottom })),
    scenario,
    monthlyUsd,
  }));
}

/** Up to two digits, and to a whole dollar at least. */
function roundCap({ top, bottom }: Rational): Nano {
  const whole = -floorOf(-top, bottom);
  const unit = 10n ** BigInt(Math.max(0, whole.toString().length - 2));
  return ((whole + unit - 1n) / unit) * unit * NANO_PER_USD;
}
