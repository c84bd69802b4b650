import type { Static } from "typebox";
import type { backlogSetAnswer } from "../../contract/backlog-contract.ts";
import { BACKLOG_STATUSES } from "../../core/backlog/backlog-item.ts";
import { LEVER_NAMES } from "../../core/backlog/saving-lever-list.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, type CommandOption, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { changeText, DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";

export const TARGET: CommandOption = { name: "target", type: "string", value: "target", description: "As the lever reads it, such as 20%" };

/** What can be said of an item, beside its lever. */
export const ITEM_OPTIONS: readonly CommandOption[] = [
  { name: "scope", type: "string", value: "scope", description: "Whose calls are meant, such as use_case=ops; * for all" },
  { name: "owner", type: "string", value: "name", description: "Who sees to it" },
  { name: "eta", type: "string", value: "day", description: "When it should be done, such as 2026-12-31" },
  { name: "status", type: "string", value: "status", description: `One of ${BACKLOG_STATUSES.join(", ")}` },
  { name: "note", type: "string", value: "text", description: "For whoever reads the backlog" },
  { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
  DRY_RUN_OPTION,
];

export const backlogAddCommand: Command = {
  name: "backlog add",
  summary: "Adds an item to the optimisation backlog.",
  usage: "<lever>",
  options: [
    { ...TARGET, required: true },
    { name: "id", type: "string", value: "name", description: "Name of the item; made from lever and scope unless set" },
    ...ITEM_OPTIONS,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const lever = oneOf({ text: () => context.words[0] }, "lever", LEVER_NAMES);
    return await sendItem(context, "/api/v1/backlog", { id: context.text("id"), lever, ...itemWish(context) });
  },
};

export function itemWish(context: CommandContext): Record<string, string | undefined> {
  const [target, scope, owner, eta, note, reason] = ["target", "scope", "owner", "eta", "note", "reason"].map((name) => context.text(name));
  return { target, scope, owner, eta, note, reason, status: oneOf(context, "status", BACKLOG_STATUSES) };
}

export async function sendItem(context: CommandContext, path: string, wish: Record<string, string | undefined>): Promise<number> {
  const answer = await clientFor(context).post<Static<typeof backlogSetAnswer>>(path, wish, dryRunQuery(context));
  context.out(context.json ? JSON.stringify(answer) : changeText(answer.change));
  if (!context.json && answer.dry_run) context.err(DRY_RUN_WORDS);
  return 0;
}
