import { type Command, SERVER_OPTIONS } from "../command.ts";
import { playbookMarkdown } from "../cost-model/playbook-markdown.ts";
import { writeReport } from "../write-report.ts";
import { askBacklog, SINCE_OPTION } from "./backlog-list-command.ts";

export const reportBacklogCommand: Command = {
  name: "report backlog",
  summary: "Writes the optimisation backlog as a playbook in Markdown: savings, owners, dates, and what to do.",
  usage: "",
  options: [
    {
      name: "out",
      type: "string",
      short: "o",
      value: "file",
      description: "Write it, such as to optimization_playbook.md, instead of printing it",
    },
    SINCE_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const file = context.text("out");
    const answer = await askBacklog(context);
    const text = playbookMarkdown(answer);
    if (file !== undefined) writeReport(file, text);
    if (context.json) context.out(JSON.stringify(file === undefined ? answer : { file, items: answer.items.length }));
    else context.out(file === undefined ? text.trimEnd() : `${file} is written: ${answer.items.length} items.`);
    return 0;
  },
};
