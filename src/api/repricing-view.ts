import type { RepriceAnswer } from "../contract/repricing-contract.ts";
import { formatDecimal, formatUsd, type Nano, parseDecimal } from "../core/money/usd.ts";
import type { ChangedLine, CostTotals } from "../core/pricing/cost-comparison.ts";
import type { RepricedMonth } from "../reports/reprice-month.ts";

/** A repriced month as the API answers it. */
export function repricingView(
  asked: { readonly month: string; readonly asKnownAtMs: number; readonly repricingId: string | undefined },
  found: RepricedMonth,
): RepriceAnswer {
  const { comparison, before, beforeNano, differenceNano } = found;
  const originals = before.filter(({ kind }) => kind === "original");
  const count = (of: (fact: (typeof before)[number]) => number) => originals.reduce((sum, fact) => sum + of(fact), 0);
  const wrote = asked.repricingId !== undefined && found.correctedCalls > 0;
  return {
    ...(asked.repricingId === undefined ? { dry_run: true as const } : {}),
    month: asked.month,
    as_known_at: new Date(asked.asKnownAtMs).toISOString(),
    remembered_since: new Date(found.rememberedSinceMs).toISOString(),
    repricing: wrote ? (asked.repricingId ?? null) : null,
    booked: { calls: count(({ facts }) => facts), unknown: count(({ unknown }) => unknown), contracted_usd: sumUsd(originals) },
    before_usd: formatUsd(beforeNano),
    known_then: totalsView(comparison.asThen),
    known_now: totalsView(comparison.asNow),
    lines: comparison.lines().map(lineView),
    rounding_usd: formatDecimal(comparison.roundingNowAtto - comparison.roundingThenAtto, 18),
    booked_otherwise_usd: formatUsd(found.bookedOtherwiseNano),
    corrected_calls: found.correctedCalls,
    difference_usd: formatUsd(differenceNano),
    after_usd: formatUsd(found.afterNano),
    kept: keptView(found),
    tenants: [...found.tenants].map(([tenant, { contractedNano, billedNano }]) => {
      return { tenant, contracted_usd: formatUsd(contractedNano), billed_usd: formatUsd(billedNano) };
    }),
    commitments: found.commitments.map(({ contract, usedNano }) => {
      const committedNano = contract.commitmentNano ?? 0n;
      return {
        contract: contract.id,
        provider: contract.provider,
        committed_usd: formatUsd(committedNano),
        used_usd: formatUsd(usedNano),
        shortfall_usd: formatUsd(committedNano > usedNano ? committedNano - usedNano : 0n),
      };
    }),
  };
}

function totalsView({ calls, unpriced, unlisted, listNano, contractedNano, billedNano }: CostTotals) {
  const amounts = { list_usd: formatUsd(listNano), contracted_usd: formatUsd(contractedNano), billed_usd: formatUsd(billedNano) };
  return { calls, unpriced, without_list_price: unlisted, ...amounts };
}

function lineView(line: ChangedLine): RepriceAnswer["lines"][number] {
  const isToken = line.unit !== "request" && line.unit !== "webSearch";
  const each = (atto: bigint | undefined) => (atto === undefined ? null : formatDecimal(atto, isToken ? 12 : 15));
  return {
    provider: line.provider,
    model: line.model,
    unit: line.unit,
    count: String(line.count),
    per: isToken ? "million tokens" : "thousand",
    old_price_id: line.oldPriceId ?? null,
    new_price_id: line.newPriceId,
    old_price_usd: each(line.oldEach),
    new_price_usd: each(line.newEach),
    old_amount_usd: formatDecimal(line.oldAtto, 18),
    new_amount_usd: formatDecimal(line.newAtto, 18),
    difference_usd: formatDecimal(line.newAtto - line.oldAtto, 18),
  };
}

/** Calls that are not repriced: whose cost was not measured, or was said by the application, or has no price any more. */
function keptView({ before, unpriceable }: RepricedMonth): RepriceAnswer["kept"] {
  const kept = new Map<string, { calls: number; nano: Nano }>(unpriceable);
  for (const { kind, basis, facts, contractedUsd } of before) {
    if (kind !== "original" || basis === "measured" || basis === "none") continue;
    const sum = kept.get(basis) ?? { calls: 0, nano: 0n };
    kept.set(basis, { calls: sum.calls + facts, nano: sum.nano + nanoOf(contractedUsd) });
  }
  return [...kept].map(([reason, { calls, nano }]) => ({ reason, calls, cost_usd: formatUsd(nano) }));
}

function sumUsd(facts: RepricedMonth["before"]): string {
  return formatUsd(facts.reduce((sum, { contractedUsd }) => sum + nanoOf(contractedUsd), 0n));
}

function nanoOf(usd: string): Nano {
  return parseDecimal(usd, 9, "up") ?? 0n;
}
