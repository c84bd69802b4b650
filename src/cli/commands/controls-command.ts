import type { ControlsAnswer, SubjectView } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";

export const controlsCommand: Command = {
  name: "controls",
  summary: "Shows what policies cap, what is spent of it, which levers are turned, and what is asked for and not done, with its reason.",
  usage: "",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const answer = await clientFor(context).get<ControlsAnswer>("/api/v1/controls", {});
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(controlsText(answer));
    return 0;
  },
};

function controlsText({ stopped, without_signals, subjects }: ControlsAnswer): string {
  const first = [
    ...(stopped === null ? [] : [`Stopped by ${stopped.by} since ${stopped.at}: ${stopped.reason}. Every lever is off.`]),
    ...(without_signals === null ? [] : [`Nothing is measured (${without_signals}), so no lever is turned.`]),
  ].map(printable);
  if (subjects.length === 0) return [...first, "No policy acts: name some under controls.policies."].join("\n");
  const summary = printTable(
    [
      { title: "subject" },
      { title: "spent_usd", align: "right" },
      { title: "cap_usd", align: "right" },
      { title: "burn", align: "right" },
      { title: "reached" },
      { title: "levers" },
    ],
    subjects.map(summaryRow),
  );
  const signals = subjects.flatMap((subject) =>
    subject.signals.map(({ signal, value, unit, samples, observed_at }) => {
      return [subject.subject, signal, `${Number(value.toPrecision(4))} ${unit}`, String(samples), observed_at];
    }),
  );
  const held = subjects.flatMap((subject) => subject.held.map(({ what, reason, detail }) => [subject.subject, what, reason, detail]));
  return [
    ...first,
    summary,
    ...(signals.length === 0 ? [] : ["", printTable(SIGNAL_COLUMNS, signals)]),
    ...(held.length === 0 ? [] : ["", printTable(HELD_COLUMNS, held)]),
  ].join("\n");
}

const SIGNAL_COLUMNS = [
  { title: "measured of" },
  { title: "signal" },
  { title: "value" },
  { title: "samples", align: "right" },
  { title: "as of" },
] as const;
const HELD_COLUMNS = [{ title: "held for" }, { title: "what" }, { title: "reason" }, { title: "detail" }] as const;

function summaryRow({ subject, policies, spent_usd, burn_percent, levers }: SubjectView): string[] {
  const reached = policies.flatMap(({ thresholds }) => thresholds.filter((each) => each.reached).map(({ percent }) => `${percent} %`));
  const turned = levers.filter(({ value, off }) => value !== off).map(({ lever, text }) => `${lever}=${text}`);
  const caps = policies.map(({ cap_usd }) => cap_usd).join(", ");
  return [
    subject,
    spent_usd ?? "-",
    caps || "-",
    burn_percent === null ? "-" : `${burn_percent} %`,
    reached.join(", ") || "-",
    turned.join(", ") || "-",
  ];
}
