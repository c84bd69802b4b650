import { COST_WINDOWS } from "../contract/costs-contract.ts";
import { UNIT_COST_FILTERS, UNIT_COST_GROUPS } from "../contract/unit-cost-groups.ts";
import { nearestWord } from "../std/nearest-word.ts";
import type { CommandContext, CommandOption } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** One option per filter: --use-case support. */
export const UNIT_COST_FILTER_OPTIONS: readonly CommandOption[] = UNIT_COST_FILTERS.map((name) => {
  const description = `Only what belongs to this ${name.replace("_", " ")}`;
  return { name: name.replace("_", "-"), type: "string", value: "name", description };
});

export const PERIOD_OPTIONS: readonly CommandOption[] = [
  {
    name: "window",
    type: "string",
    value: "window",
    description: `One of ${COST_WINDOWS.join(", ")}; month, the calendar month in UTC, unless --from is given`,
  },
  { name: "from", type: "string", value: "time", description: "First day or instant, such as 2026-11-01, in place of --window" },
  { name: "to", type: "string", value: "time", description: "First day or instant after the end; now unless set" },
];

/** The options as the API takes them. */
export function filtersOf(context: CommandContext): Record<string, string | undefined> {
  return Object.fromEntries(UNIT_COST_FILTERS.map((name) => [name, context.text(name.replace("_", "-"))]));
}

export function periodOf(context: CommandContext): Record<string, string | undefined> {
  return { window: context.text("window"), from: context.text("from"), to: context.text("to") };
}

/** @throws UsageError */
export function groupsOf(context: CommandContext): readonly string[] {
  const groups = context.list("group-by");
  const known: readonly string[] = UNIT_COST_GROUPS;
  const stranger = groups.find((group) => !known.includes(group));
  if (stranger === undefined) return groups;
  const near = nearestWord(stranger, known);
  const hint = near ? `Did you mean ${near}?` : `It is a list of ${known.join(", ")}.`;
  throw new UsageError(`--group-by ${stranger} is not known.`, hint);
}

/** The one form that was asked for. @throws UsageError when several were */
export function formOf(
  context: CommandContext,
  forms: readonly ("markdown" | "csv")[] = ["markdown", "csv"],
): "table" | "json" | "markdown" | "csv" {
  const asked = forms.filter((form) => context.flag(form));
  const all = context.json ? ["json" as const, ...asked] : asked;
  if (all.length > 1) throw new UsageError(`--${all[0]} and --${all[1]} exclude each other.`, "Leave one out.");
  return all[0] ?? "table";
}
