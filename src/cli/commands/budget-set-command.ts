import type { Static } from "typebox";
import type { BudgetChangeView, setBudgetAnswer } from "../../contract/budget-operations-contract.ts";
import { ON_STORE_DOWN } from "../../core/ledger/budget.ts";
import { ON_SHORT } from "../../core/ledger/on-short.ts";
import { WINDOW_KINDS } from "../../core/time/window.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { oneOf, wholeNumber } from "../read-number.ts";
import { UsageError } from "../usage-error.ts";
import { budgetTable } from "./budget-list-command.ts";

export const budgetSetCommand: Command = {
  name: "budget set",
  summary: 'Sets the budget of a scope such as tenant=acme,model=gpt-4o, or "*" for every call; what is left out stays as it was.',
  usage: "<scope>",
  options: [
    {
      name: "limit-usd",
      type: "string",
      value: "usd",
      description: "The limit in USD, with at most 9 decimal places; needed where no tier is named",
    },
    { name: "tier", type: "string", value: "name", description: "Tier that says what the other options do not; none for no tier" },
    {
      name: "window",
      type: "string",
      value: "window",
      description: `Calendar window of the limit: ${WINDOW_KINDS.join(", ")}; month unless set`,
    },
    { name: "zone", type: "string", value: "zone", description: "IANA time zone in which the window's days begin, such as Europe/Berlin" },
    { name: "hard", type: "boolean", description: "Never exceeded: calls that do not fit are refused or made smaller" },
    { name: "soft", type: "boolean", description: "Told, not refused" },
    {
      name: "on-short",
      type: "string",
      value: "way",
      description: `What happens to a call that does not fit, the strictest first: ${ON_SHORT.join(", ")}`,
    },
    {
      name: "fallback-model",
      type: "string",
      value: "model",
      description: "Model for calls that do not fit, for --on-short fallback_model",
    },
    { name: "template", type: "string", value: "text", description: "Answer to calls that do not fit, for --on-short template" },
    {
      name: "on-store-down",
      type: "string",
      value: "way",
      description: "New calls while the ledger cannot be written: deny, or serve_from_lease",
    },
    {
      name: "thresholds",
      type: "string",
      value: "percents",
      multiple: true,
      description: "List with commas of rising percents whose crossing is told",
    },
    { name: "warn-percent", type: "string", value: "percent", description: "Answers carry a warning above this percent of the limit" },
    { name: "covers", type: "string", value: "calls", description: "all calls of the scope, or the rest without a budget of their model" },
    { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [scope = ""] = context.words;
    const body = budgetWish(context);
    const path = `/api/v1/budgets/${encodeURIComponent(scope)}`;
    const answer = await clientFor(context).post<Static<typeof setBudgetAnswer>>(path, body, dryRunQuery(context));
    context.out(context.json ? JSON.stringify(answer) : budgetTable([answer.budget]));
    if (!context.json && answer.dry_run) context.err(`${DRY_RUN_WORDS} ${changeText(answer.change)}`);
    // An older server has none.
    if (!context.json) for (const note of answer.notes ?? []) context.err(printable(note));
    return 0;
  },
};

export const DRY_RUN_WORDS = "A dry run: nothing was changed.";

export function dryRunQuery(context: Pick<CommandContext, "flag">): { dry_run?: string } {
  return context.flag("dry-run") ? { dry_run: "true" } : {};
}

/** "change tenant=acme: limit_usd 5 -> 7, hard true -> false" */
export function changeText({ id, action, fields }: BudgetChangeView): string {
  const told = fields.filter(({ field }) => action === "change" || field !== "id");
  const parts = told.map(({ field, before, after }) => (before === null ? `${field} ${after}` : `${field} ${before} -> ${after}`));
  return printable(`${action} ${id}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`);
}

/** What the options say, as the API takes it; the amount stays text, so that no digit is lost. */
export function budgetWish(context: CommandContext): Record<string, unknown> {
  if (context.flag("hard") && context.flag("soft")) throw new UsageError("--hard and --soft exclude each other.", "Leave one out.");
  const wish = {
    limit_usd: context.text("limit-usd"),
    tier: context.text("tier") === "none" ? null : context.text("tier"),
    window: oneOf(context, "window", WINDOW_KINDS),
    zone: context.text("zone"),
    hard: context.flag("hard") ? true : context.flag("soft") ? false : undefined,
    on_short: oneOf(context, "on-short", ON_SHORT),
    fallback_model: context.text("fallback-model"),
    template: context.text("template"),
    on_store_down: oneOf(context, "on-store-down", ON_STORE_DOWN),
    thresholds: percents(context.list("thresholds")),
    warn_percent: wholeNumber(context, "warn-percent", 1, 100),
    covers: oneOf(context, "covers", ["all", "rest"]),
    reason: context.text("reason"),
  };
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

function percents(texts: readonly string[]): number[] | undefined {
  if (texts.length === 0) return undefined;
  const stranger = texts.find((text) => !/^\d{1,4}$/.test(text));
  if (stranger !== undefined) throw new UsageError(`--thresholds ${stranger} is no whole percent.`, "Write it as --thresholds 50,80,100.");
  return texts.map(Number);
}
