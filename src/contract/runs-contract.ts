import { Type } from "typebox";
import { RUN_STATES } from "../core/unit-cost/run-state.ts";
import { closed, count, instantText, orNull, scopeText, usdText } from "./field-contract.ts";
import { unitCostPeriod } from "./unit-costs-contract.ts";
import { RUN_KINDS } from "./usage-events-contract.ts";

export const runsQuery = closed({
  by: Type.Optional(Type.Enum([...RUN_KINDS], { description: "What is told of: runs unless said otherwise" })),
  tenant: Type.Optional(scopeText),
  state: Type.Optional(Type.Enum([...RUN_STATES])),
  ...unitCostPeriod,
});

const costs = {
  calls: count,
  unpriced: count,
  requests_usd: usdText,
  training_usd: usdText,
  gpu_hours: Type.String(),
  total_usd: usdText,
};
export const runsAnswer = closed({
  from: instantText,
  to: instantText,
  by: Type.Enum([...RUN_KINDS]),
  abandoned_after_hours: Type.Number(),
  rows: Type.Array(
    closed({
      tenant: Type.String(),
      name: Type.String(),
      state: Type.Enum([...RUN_STATES]),
      started_at: orNull(instantText),
      ended_at: orNull(instantText),
      first_spent_at: orNull(instantText),
      last_spent_at: orNull(instantText),
      ...costs,
    }),
  ),
  total: closed({ runs: count, ...costs }),
});
