import { BACKLOG_FORMATS } from "../../contract/backlog-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";

export const backlogExportCommand: Command = {
  name: "backlog export",
  summary: "Prints the optimisation backlog as CSV or YAML, as `backlog import` takes it.",
  usage: "",
  options: [
    { name: "format", type: "string", value: "format", default: "csv", description: `One of ${BACKLOG_FORMATS.join(", ")}` },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const format = oneOf(context, "format", BACKLOG_FORMATS)!;
    const text = await clientFor(context).getText("/api/v1/backlog", { format });
    context.out(context.json ? JSON.stringify({ format, text }) : text);
    return 0;
  },
};
