import type { Command } from "../command.ts";
import { costTraceMarkdown } from "../cost-model/cost-trace-markdown.ts";
import { writeReport } from "../write-report.ts";

export const reportCostTraceCommand: Command = {
  name: "report cost-trace",
  summary: "Describes every field of a call's record, generated from the schema; needs no server.",
  usage: "",
  options: [
    { name: "out", type: "string", short: "o", value: "file", description: "Write it, such as to cost_trace.md, instead of printing it" },
  ],
  async run(context) {
    const file = context.text("out");
    const text = costTraceMarkdown();
    if (file !== undefined) writeReport(file, text);
    if (context.json) context.out(JSON.stringify(file === undefined ? { text } : { file }));
    else context.out(file === undefined ? text.trimEnd() : `${file} is written.`);
    return 0;
  },
};
