import { type Static, Type } from "typebox";
import { RAISE_STATES } from "../core/ledger/budget-raise.ts";
import { budgetScope, budgetsPage, budgetView, windowKind } from "./budgets-contract.ts";
import { amountIn, closed, count, dryRun, idText, notes, orNull, raiseView, usdText } from "./field-contract.ts";

/** Raises, resets, import and export, trees. */

export const budgetOrScope = closed({
  budget: Type.String({ minLength: 1, maxLength: 1500, description: "Id of a budget, or its scope such as tenant=acme,model=gpt-4o" }),
});
const ofWindow = Type.Optional(windowKind);
const approver = Type.String({ minLength: 1, maxLength: 200, description: "Who decided it" });
const reason = Type.String({ minLength: 1, maxLength: 1000 });
const requestId = Type.Optional(
  Type.String({ pattern: "^[A-Za-z0-9._:-]{1,200}$", description: "A name of yours for this decision: sent again it changes nothing" }),
);
const repeated = Type.Optional(Type.Boolean({ description: "It had been done before under this request id, and nothing was changed" }));

export const raiseBody = closed({
  amount_usd: amountIn,
  until: Type.String({ maxLength: 40, description: "ISO 8601; from then on the limit is as before" }),
  from: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601; now unless set" })),
  window: ofWindow,
  approver,
  reason,
  request_id: requestId,
});
export const raiseParams = closed({ id: idText });
export const endRaiseBody = closed({ reason: Type.Optional(Type.String({ maxLength: 1000 })) });
export const raiseAnswer = closed({ dry_run: dryRun, repeated, raise: raiseView, budget: budgetView });
export const raisesAnswer = closed({ raises: Type.Array(raiseView) });
export const raisesQuery = closed({ window: ofWindow, state: Type.Optional(Type.Enum([...RAISE_STATES])) });

export const resetBody = closed({ amount_usd: Type.Optional(amountIn), window: ofWindow, approver, reason, request_id: requestId });
export const resetAnswer = closed({ dry_run: dryRun, repeated, credited_usd: usdText, budget: budgetView });

const changedField = closed({ field: Type.String(), before: orNull(Type.String()), after: Type.String() });
export const budgetChangeView = closed({
  id: Type.String(),
  action: Type.Enum(["create", "change", "unchanged"]),
  fields: Type.Array(changedField, { description: "What differs from what was stored, as text" }),
});
export type BudgetChangeView = Static<typeof budgetChangeView>;

export const setBudgetAnswer = closed({ dry_run: dryRun, budget: budgetView, change: budgetChangeView, notes });

const overCommitmentView = closed({
  dimensions: Type.Array(Type.String(), { description: "What tells the children apart" }),
  children: count,
  children_limit_usd: usdText,
  over_usd: usdText,
});
export const treeAnswer = closed({
  budgets: Type.Array(
    closed({
      id: Type.String(),
      scope: budgetScope,
      window: windowKind,
      hard: Type.Boolean(),
      limit_usd: usdText,
      spent_usd: usdText,
      parents: Type.Array(Type.String(), { description: "The narrowest budgets that contain it" }),
      children: Type.Array(Type.String()),
      over_commitments: Type.Array(overCommitmentView),
    }),
  ),
  warnings: notes,
});
export type TreeAnswer = Static<typeof treeAnswer>;

/** Bounds the time that one import takes from calls. */
export const MOST_IMPORTED = 10_000;
export const BUDGET_FILE_FORMATS = ["csv", "yaml"] as const;
export const budgetsQuery = closed({
  ...budgetsPage,
  format: Type.Optional(Type.Enum(["json", ...BUDGET_FILE_FORMATS], { description: "csv and yaml are what an import takes" })),
});
export const importBody = closed({
  format: Type.Enum([...BUDGET_FILE_FORMATS]),
  text: Type.String({ description: `The file, at most ${MOST_IMPORTED} budgets` }),
  reason: Type.Optional(Type.String({ maxLength: 900 })),
});
export const importAnswer = closed({
  dry_run: dryRun,
  created: count,
  changed: count,
  unchanged: count,
  changes: Type.Array(budgetChangeView, { description: "What is created or changed" }),
  notes,
});
export type ImportAnswer = Static<typeof importAnswer>;
