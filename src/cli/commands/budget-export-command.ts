import { BUDGET_FILE_FORMATS } from "../../contract/budget-operations-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";

export const budgetExportCommand: Command = {
  name: "budget export",
  summary: "Prints every budget as CSV or YAML, as `budget import` takes it.",
  usage: "",
  options: [
    { name: "format", type: "string", value: "format", default: "csv", description: `One of ${BUDGET_FILE_FORMATS.join(", ")}` },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const format = oneOf(context, "format", BUDGET_FILE_FORMATS)!;
    const text = await clientFor(context).getText("/api/v1/budgets", { format });
    context.out(context.json ? JSON.stringify({ format, text }) : text);
    return 0;
  },
};
