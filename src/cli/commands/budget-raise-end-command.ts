import type { Static } from "typebox";
import type { raiseAnswer } from "../../contract/budget-operations-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printRaise } from "./budget-raise-command.ts";
import { dryRunQuery } from "./budget-set-command.ts";

export const budgetRaiseEndCommand: Command = {
  name: "budget raise-end",
  summary: "Ends a raise before its time. Doing it again changes nothing.",
  usage: "<raise>",
  options: [{ name: "reason", type: "string", value: "text", description: "Why, for the audit log" }, DRY_RUN_OPTION, ...SERVER_OPTIONS],
  async run(context) {
    const [id = ""] = context.words;
    const reason = context.text("reason");
    const path = `/api/v1/raises/${encodeURIComponent(id)}/end`;
    const body = reason === undefined ? {} : { reason };
    printRaise(context, await clientFor(context).post<Static<typeof raiseAnswer>>(path, body, dryRunQuery(context)));
    return 0;
  },
};
