import { type Static, Type } from "typebox";
import { BACKLOG_STATUSES } from "../core/backlog/backlog-item.ts";
import { LEVER_NAMES } from "../core/backlog/saving-lever-list.ts";
import { budgetScope } from "./budgets-contract.ts";
import { COST_WINDOWS } from "./costs-contract.ts";
import { closed, count, dryRun, instantText, orNull, usdText } from "./field-contract.ts";

export const BACKLOG_FORMATS = ["csv", "yaml"] as const;
export const MOST_BACKLOG_ITEMS = 500;

const period = {
  window: Type.Optional(Type.Enum([...COST_WINDOWS], { description: "Ends now; month is the whole calendar month in UTC" })),
  from: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, included" })),
  to: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, not included" })),
};
const scope = Type.String({ minLength: 1, maxLength: 1500, description: "Whose calls are meant, such as use_case=ops; * for all" });
const status = Type.Enum([...BACKLOG_STATUSES]);

export const backlogQuery = closed({
  ...period,
  status: Type.Optional(status),
  format: Type.Optional(Type.Enum(["json", ...BACKLOG_FORMATS], { description: "csv and yaml are what an import takes" })),
});
export const backlogParams = closed({ item: Type.String({ minLength: 1, maxLength: 200, description: "Id of the item" }) });
const lever = Type.Enum([...LEVER_NAMES]);
const target = Type.String({ minLength: 1, maxLength: 200, description: "As the lever reads it, such as 20%" });
const others = {
  scope: Type.Optional(scope),
  owner: Type.Optional(Type.String({ maxLength: 200 })),
  eta: Type.Optional(Type.String({ maxLength: 10, description: "A day such as 2026-12-31; empty for none" })),
  status: Type.Optional(status),
  note: Type.Optional(Type.String({ maxLength: 1000 })),
  reason: Type.Optional(Type.String({ maxLength: 900, description: "Why, for the audit log" })),
};
const newId = Type.String({ minLength: 1, maxLength: 200, description: "Made from lever and scope unless set" });
export const newBacklogBody = closed({ id: Type.Optional(newId), lever, target, ...others });
/** What is left out stays. */
export const backlogBody = closed({ lever: Type.Optional(lever), target: Type.Optional(target), ...others });
export const backlogImportBody = closed({
  format: Type.Enum([...BACKLOG_FORMATS]),
  text: Type.String({ description: `The file, at most ${MOST_BACKLOG_ITEMS} items` }),
  reason: Type.Optional(Type.String({ maxLength: 900 })),
});

const expectation = closed(
  {
    outcome: Type.Enum(["computed", "unknown"]),
    baseline: orNull(Type.String({ description: "The lever's own figure as it was measured" })),
    saving_usd_month: orNull(
      Type.String({ pattern: "^-?\\d+(\\.\\d+)?$", description: "USD in 30 days, rounded down; below zero where it would cost more" }),
    ),
    saving_percent: orNull(Type.String({ pattern: "^-?\\d+(\\.\\d+)?$", description: "Of what those calls cost" })),
    of_usd: orNull(usdText),
    calls: count,
    reason: orNull(Type.String({ description: "Why it is not known" })),
    caveats: Type.Array(Type.String()),
  },
  {
    description:
      "Computed from the calls of the period and the item's scope, each lever by itself: savings of two levers on the same calls do not add up",
  },
);
export type ExpectationView = Static<typeof expectation>;

const item = {
  id: Type.String(),
  lever: Type.String(),
  title: Type.String(),
  scope: budgetScope,
  target: Type.String(),
  owner: Type.String(),
  eta: orNull(Type.String()),
  status,
  note: Type.String(),
  created_at: instantText,
  updated_at: instantText,
};
export const backlogItemView = closed(item);
export type BacklogItemView = Static<typeof backlogItemView>;
export const backlogAnswer = closed({ from: instantText, to: instantText, items: Type.Array(closed({ ...item, expectation })) });
export type BacklogAnswer = Static<typeof backlogAnswer>;

export const backlogChangeView = closed({
  id: Type.String(),
  action: Type.Enum(["create", "change", "unchanged"]),
  fields: Type.Array(closed({ field: Type.String(), before: orNull(Type.String()), after: Type.String() })),
});
export const backlogSetAnswer = closed({ dry_run: dryRun, item: backlogItemView, change: backlogChangeView });
export const backlogImportAnswer = closed({
  dry_run: dryRun,
  created: count,
  changed: count,
  unchanged: count,
  changes: Type.Array(backlogChangeView),
});

export const recommendationsQuery = closed({ ...period, scope: Type.Optional(scope) });
export const recommendationsAnswer = closed({
  from: instantText,
  to: instantText,
  recommendations: Type.Array(
    closed({
      lever: Type.String(),
      title: Type.String(),
      meaning: Type.String({ description: "What a target of this lever says" }),
      target: orNull(Type.String({ description: "The target that was looked at" })),
      expectation,
      in_backlog: Type.Array(Type.String({ description: "Items of the backlog with this lever that are neither done nor rejected" })),
    }),
    { description: "What is known to save most first; unknown ones last" },
  ),
});
export type RecommendationsAnswer = Static<typeof recommendationsAnswer>;
