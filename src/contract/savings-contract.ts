import { type Static, Type } from "typebox";
import { SCOREBOARD_COLUMNS } from "../core/savings/savings-scoreboard.ts";
import { closed, count, instantText, orNull, scopeText, usdText } from "./field-contract.ts";

export const savingsQuery = closed({
  week: Type.Optional(
    Type.String({ maxLength: 40, description: "last (the default), this, or a day of the week; weeks begin on Monday, in UTC" }),
  ),
  use_case: Type.Optional(scopeText),
  format: Type.Optional(Type.Enum(["json", "csv"], { description: "csv: the scoreboard alone, with exactly the controls' header" })),
});

const decimal = Type.String({ pattern: "^-?\\d+(\\.\\d+)?$" });
const estimate = (unit: string) => {
  return closed({ value: decimal, low: decimal, high: decimal }, { description: `${unit}; the interval holds the truth 95 times in 100` });
};
const arm = closed({ calls: count, unknown_cost: count, cost_usd: usdText });

const leverPart = closed({
  lever: Type.String({ description: "As the scoreboard calls it" }),
  outcome: Type.Enum(["estimated", "unknown"]),
  calls: Type.Integer({ minimum: 0, description: "Calls that it changed" }),
  saved_percent: orNull(estimate("Percent of what all compared calls would have cost")),
  saved_usd: orNull(decimal),
  reason: orNull(Type.String()),
});

const useCaseSaving = closed({
  use_case: Type.String(),
  outcome: Type.Enum(["measured", "unknown"]),
  treated: arm,
  holdout: arm,
  compared_calls: count,
  lever_costs: Type.Array(closed({ use: Type.String(), calls: count, unknown_cost: count, cost_usd: usdText }), {
    description: "What Ballast's own calls for the levers cost; taken off the saving",
  }),
  holdout_usd_per_call: orNull(decimal),
  treated_usd_per_call: orNull(decimal),
  saved_usd_per_call: orNull(estimate("USD, net")),
  saved_percent: orNull(estimate("Percent of what a call would have cost, net")),
  saved_usd: orNull(estimate("USD over the compared calls, net")),
  unexplained_percent: orNull(Type.String({ description: "What of saved_percent no lever's part accounts for" })),
  reason: orNull(Type.String({ description: "Why it is not known" })),
  needed_holdout_calls: orNull(Type.Integer({ description: "So many calls of the holdout are needed before a number is told" })),
  levers: Type.Array(leverPart),
});
export type UseCaseSavingView = Static<typeof useCaseSaving>;

const row = closed(
  Object.fromEntries(SCOREBOARD_COLUMNS.map((name) => [name, Type.String()])) as Record<
    (typeof SCOREBOARD_COLUMNS)[number],
    ReturnType<typeof Type.String>
  >,
);

export const savingsAnswer = closed({
  from: instantText,
  to: instantText,
  week_ending: Type.String({ description: "The last day of the week, a Sunday" }),
  use_cases: Type.Array(useCaseSaving),
  scoreboard: Type.Array(row),
});
export type SavingsAnswer = Static<typeof savingsAnswer>;
