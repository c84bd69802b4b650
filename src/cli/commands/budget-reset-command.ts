import type { Static } from "typebox";
import type { resetAnswer } from "../../contract/budget-operations-contract.ts";
import { WINDOW_KINDS } from "../../core/time/window.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { budgetTable } from "./budget-list-command.ts";
import { REPEATED_WORDS, REQUEST_ID_OPTION, WINDOW_OPTION } from "./budget-raise-command.ts";
import { DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";

export const budgetResetCommand: Command = {
  name: "budget reset",
  summary: "Takes what is spent in the window off a budget again, as an entry with approver and reason; reports keep the cost.",
  usage: "<budget>",
  options: [
    { name: "amount-usd", type: "string", value: "usd", description: "How much of it; all that is spent unless set" },
    { name: "approver", type: "string", value: "name", required: true, description: "Who decided it, for the audit log" },
    { name: "reason", type: "string", value: "text", required: true, description: "Why, for the audit log" },
    WINDOW_OPTION,
    REQUEST_ID_OPTION,
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [budget = ""] = context.words;
    const body = {
      amount_usd: context.text("amount-usd"),
      approver: context.text("approver"),
      reason: context.text("reason"),
      window: oneOf(context, "window", WINDOW_KINDS),
      request_id: context.text("request-id"),
    };
    const path = `/api/v1/budgets/${encodeURIComponent(budget)}/reset`;
    const answer = await clientFor(context).post<Static<typeof resetAnswer>>(path, body, dryRunQuery(context));
    context.out(context.json ? JSON.stringify(answer) : budgetTable([answer.budget]));
    if (context.json) return 0;
    const said = `${answer.credited_usd} USD ${answer.dry_run ? "would be" : "are"} credited.`;
    const more = answer.dry_run ? ` ${DRY_RUN_WORDS}` : answer.repeated ? ` ${REPEATED_WORDS}` : "";
    context.err(said + more);
    return 0;
  },
};
