import { type Static, Type } from "typebox";
import { closed, count, dryRun, instantText, orNull, usdText } from "./field-contract.ts";

export const repriceBody = closed({
  month: Type.String({ pattern: "^\\d{4}-(0[1-9]|1[0-2])$", description: "Calendar month in UTC, such as 2026-10" }),
  as_known_at: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601: by what was known of prices then; now when absent" })),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 400, description: "Why, for the audit log" })),
});

const totals = closed({
  calls: count,
  unpriced: count,
  without_list_price: count,
  list_usd: usdText,
  contracted_usd: usdText,
  billed_usd: usdText,
});

export const repriceAnswer = closed({
  dry_run: dryRun,
  month: Type.String(),
  as_known_at: instantText,
  remembered_since: Type.String({ description: "Since when it is kept what was known of prices; before, the first of it counts" }),
  repricing: orNull(Type.String({ description: "Id that the new facts carry; null when nothing was written" })),
  booked: closed({ calls: count, unknown: count, contracted_usd: usdText }),
  before_usd: Type.String({ description: "Sum of all facts before" }),
  known_then: totals,
  known_now: totals,
  lines: Type.Array(
    closed({
      provider: Type.String(),
      model: Type.String(),
      unit: Type.String(),
      count: Type.String({ description: "Whole number" }),
      per: Type.String(),
      old_price_id: orNull(Type.String()),
      new_price_id: Type.String(),
      old_price_usd: orNull(usdText),
      new_price_usd: orNull(usdText),
      old_amount_usd: usdText,
      new_amount_usd: usdText,
      difference_usd: usdText,
    }),
  ),
  rounding_usd: Type.String({ description: "Difference of what rounding each call up to a nano-dollar adds" }),
  booked_otherwise_usd: Type.String({ description: "What calls cost before beyond what was known then: earlier repricings" }),
  corrected_calls: count,
  difference_usd: usdText,
  after_usd: Type.String({ description: "Sum of all facts after: before and difference" }),
  kept: Type.Array(closed({ reason: Type.String(), calls: count, cost_usd: usdText })),
  tenants: Type.Array(closed({ tenant: Type.String(), contracted_usd: usdText, billed_usd: usdText })),
  commitments: Type.Array(
    closed({ contract: Type.String(), provider: Type.String(), committed_usd: usdText, used_usd: usdText, shortfall_usd: usdText }),
  ),
});
export type RepriceAnswer = Static<typeof repriceAnswer>;
