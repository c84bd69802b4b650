import type { Static } from "typebox";
import type { raiseAnswer } from "../../contract/budget-operations-contract.ts";
import { WINDOW_KINDS } from "../../core/time/window.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, type CommandOption, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { budgetTable } from "./budget-list-command.ts";
import { DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";
import { raiseText } from "./budget-show-command.ts";

/** Which of a scope's budgets is meant, for commands on one that exists. */
export const WINDOW_OPTION: CommandOption = {
  name: "window",
  type: "string",
  value: "window",
  description: `Window of the budget, where the scope has several: ${WINDOW_KINDS.join(", ")}; month unless set`,
};

/** For scripts that may run twice. */
export const REQUEST_ID_OPTION: CommandOption = {
  name: "request-id",
  type: "string",
  value: "name",
  description: "A name of yours for this decision: given again it changes nothing",
};

export const budgetRaiseCommand: Command = {
  name: "budget raise",
  summary: "Raises the limit of a budget, named by its scope or id, until an instant; then it is as before by itself.",
  usage: "<budget>",
  options: [
    { name: "by-usd", type: "string", value: "usd", required: true, description: "How much more, in USD" },
    { name: "until", type: "string", value: "instant", required: true, description: "When it ends, such as 2027-01-01T00:00:00Z" },
    { name: "from", type: "string", value: "instant", description: "When it begins; now unless set" },
    { name: "approver", type: "string", value: "name", required: true, description: "Who decided it, for the audit log" },
    { name: "reason", type: "string", value: "text", required: true, description: "Why, for the audit log" },
    WINDOW_OPTION,
    REQUEST_ID_OPTION,
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [budget = ""] = context.words;
    const wish = {
      amount_usd: context.text("by-usd"),
      until: context.text("until"),
      from: context.text("from"),
      approver: context.text("approver"),
      reason: context.text("reason"),
      window: oneOf(context, "window", WINDOW_KINDS),
      request_id: context.text("request-id"),
    };
    const path = `/api/v1/budgets/${encodeURIComponent(budget)}/raises`;
    printRaise(context, await clientFor(context).post<Static<typeof raiseAnswer>>(path, wish, dryRunQuery(context)));
    return 0;
  },
};

export const REPEATED_WORDS = "This request id was used for the same decision before: nothing was changed now.";

/** The raise and its budget as they are stored, or would be. */
export function printRaise(context: CommandContext, answer: Static<typeof raiseAnswer>): void {
  context.out(context.json ? JSON.stringify(answer) : `${budgetTable([answer.budget])}\n\n${printable(raiseText(answer.raise))}`);
  if (!context.json && answer.dry_run) context.err(DRY_RUN_WORDS);
  if (!context.json && answer.repeated) context.err(REPEATED_WORDS);
}
