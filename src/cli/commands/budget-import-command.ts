import { BUDGET_FILE_FORMATS, type ImportAnswer } from "../../contract/budget-operations-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { formatOf, textOf, withFile } from "../row-file-text.ts";
import { ServerRefusal } from "../server-refusal.ts";
import { changeText, DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";

export const budgetImportCommand: Command = {
  name: "budget import",
  summary: "Creates and changes the budgets of a CSV or YAML file, all or none; those that it does not name stay.",
  usage: "<file>",
  options: [
    {
      name: "format",
      type: "string",
      value: "format",
      description: `One of ${BUDGET_FILE_FORMATS.join(", ")}; by the file's name unless set`,
    },
    { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [file = ""] = context.words;
    const format = oneOf(context, "format", BUDGET_FILE_FORMATS) ?? formatOf(file);
    const body = { format, text: textOf(file), reason: context.text("reason") };
    let answer: ImportAnswer;
    try {
      answer = await clientFor(context).post<ImportAnswer>("/api/v1/budgets/import", body, dryRunQuery(context));
    } catch (error) {
      throw error instanceof ServerRefusal ? withFile(error, file) : error;
    }
    printImport(context, answer);
    return 0;
  },
};

function printImport(context: CommandContext, answer: ImportAnswer): void {
  if (context.json) {
    context.out(JSON.stringify(answer));
    return;
  }
  for (const change of answer.changes) context.out(changeText(change));
  context.out(`${answer.created} created, ${answer.changed} changed, ${answer.unchanged} unchanged.`);
  for (const note of answer.notes) context.err(printable(note));
  if (answer.dry_run) context.err(DRY_RUN_WORDS);
}
