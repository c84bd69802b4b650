import type { Static } from "typebox";
import type { PostmortemsAnswer, PostmortemView, postmortemAnswer } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";

const COLUMNS = [
  { title: "postmortem" },
  { title: "opened" },
  { title: "subject" },
  { title: "threshold" },
  { title: "spent_usd", align: "right" },
  { title: "state" },
] as const;

export const postmortemListCommand: Command = {
  name: "postmortem list",
  summary: "Lists the postmortems that policies opened, the newest first.",
  usage: "",
  options: [{ name: "state", type: "string", value: "state", description: "open, closed or all", default: "open" }, ...SERVER_OPTIONS],
  async run(context) {
    const state = oneOf(context, "state", ["open", "closed", "all"]) ?? "open";
    const answer = await clientFor(context).get<PostmortemsAnswer>("/api/v1/postmortems", { state });
    const rows = answer.postmortems.map((each) => [each.id, each.opened_at, each.subject, each.threshold, each.spent_usd, each.state]);
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(rows.length === 0 ? `No postmortem is ${state === "all" ? "there" : state}.` : printTable(COLUMNS, rows));
    return 0;
  },
};

export const postmortemShowCommand: Command = {
  name: "postmortem show",
  summary: "Shows a postmortem with the facts of the moment at which it was opened.",
  usage: "<postmortem>",
  options: [...SERVER_OPTIONS],
  async run(context) {
    print(context, await clientFor(context).get<Static<typeof postmortemAnswer>>(pathOf(context), {}));
    return 0;
  },
};

export const postmortemCloseCommand: Command = {
  name: "postmortem close",
  summary: "Closes a postmortem with what was learned.",
  usage: "<postmortem>",
  options: [
    { name: "by", type: "string", value: "name", required: true, description: "Who closes it" },
    { name: "text", type: "string", value: "text", description: "What was learned; what was written before stays unless set" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const text = context.text("text");
    const wish = { closed_by: context.text("by"), ...(text === undefined ? {} : { text }) };
    print(context, await clientFor(context).post<Static<typeof postmortemAnswer>>(pathOf(context), wish));
    return 0;
  },
};

function pathOf({ words: [id = ""] }: CommandContext): string {
  return `/api/v1/postmortems/${encodeURIComponent(id)}`;
}

function print(context: CommandContext, answer: Static<typeof postmortemAnswer>): void {
  if (context.json) context.out(JSON.stringify(answer));
  else for (const line of linesOf(answer.postmortem)) context.out(printable(line));
}

function linesOf(postmortem: PostmortemView): string[] {
  const { id, state, subject, threshold, opened_at, cap_usd, spent_usd, levers, signals, approvals, text, closed_by, closed_at } =
    postmortem;
  const listed = (values: readonly string[]) => values.join(", ") || "none";
  return [
    `${id}: ${subject} reached ${threshold} at ${opened_at}, with ${spent_usd} of ${cap_usd} USD spent.`,
    `Levers turned: ${listed(levers.map(({ lever, value }) => `${lever}=${value}`))}`,
    `Signals: ${listed(signals.map(({ signal, value, unit, samples }) => `${signal} ${value} ${unit} of ${samples}`))}`,
    `Approvals in force: ${listed(approvals)}`,
    state === "open" ? "It is open." : `Closed by ${closed_by} at ${closed_at}.`,
    ...text.split("\n").filter((line) => line !== ""),
  ];
}
