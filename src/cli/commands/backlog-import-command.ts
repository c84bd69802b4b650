import type { Static } from "typebox";
import { BACKLOG_FORMATS, type backlogImportAnswer } from "../../contract/backlog-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { formatOf, textOf, withFile } from "../row-file-text.ts";
import { ServerRefusal } from "../server-refusal.ts";
import { changeText, DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";

export const backlogImportCommand: Command = {
  name: "backlog import",
  summary: "Creates and changes the items of a CSV or YAML file, all or none; those that it does not name stay.",
  usage: "<file>",
  options: [
    { name: "format", type: "string", value: "format", description: `One of ${BACKLOG_FORMATS.join(", ")}; by the file's name unless set` },
    { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [file = ""] = context.words;
    const format = oneOf(context, "format", BACKLOG_FORMATS) ?? formatOf(file);
    const body = { format, text: textOf(file), reason: context.text("reason") };
    let answer: Static<typeof backlogImportAnswer>;
    try {
      answer = await clientFor(context).post("/api/v1/backlog/import", body, dryRunQuery(context));
    } catch (error) {
      throw error instanceof ServerRefusal ? withFile(error, file) : error;
    }
    if (context.json) {
      context.out(JSON.stringify(answer));
      return 0;
    }
    for (const change of answer.changes) context.out(changeText(change));
    context.out(`${answer.created} created, ${answer.changed} changed, ${answer.unchanged} unchanged.`);
    if (answer.dry_run) context.err(DRY_RUN_WORDS);
    return 0;
  },
};
