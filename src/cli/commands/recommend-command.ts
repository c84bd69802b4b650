import type { RecommendationsAnswer } from "../../contract/backlog-contract.ts";
import { COST_WINDOWS } from "../../contract/costs-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { OVERLAP, SINCE_OPTION } from "./backlog-list-command.ts";

const COLUMNS = [
  { title: "lever" },
  { title: "target" },
  { title: "measured" },
  { title: "usd a month", align: "right" },
  { title: "of cost", align: "right" },
  { title: "calls", align: "right" },
  { title: "in backlog" },
] as const;

export const recommendCommand: Command = {
  name: "recommend",
  summary: "Says what every lever would save of the measured calls, what saves most first.",
  usage: "",
  options: [
    SINCE_OPTION,
    { name: "scope", type: "string", value: "scope", description: "Whose calls are meant, such as use_case=ops; all unless set" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const query = { window: oneOf(context, "since", COST_WINDOWS), scope: context.text("scope") };
    const answer = await clientFor(context).get<RecommendationsAnswer>("/api/v1/recommendations", query);
    context.out(context.json ? JSON.stringify(answer) : recommendationsText(answer));
    return 0;
  },
};

function recommendationsText({ from, to, recommendations }: RecommendationsAnswer): string {
  const rows = recommendations.map(({ lever, target, expectation, in_backlog }) => [
    lever,
    target ?? "–",
    expectation.baseline ?? "–",
    expectation.saving_usd_month ?? "unknown",
    expectation.saving_percent === null ? "–" : `${expectation.saving_percent}%`,
    String(expectation.calls),
    in_backlog.join("; ") || "–",
  ]);
  const notes = recommendations.flatMap(({ lever, expectation: { reason, caveats } }) => [
    ...(reason === null ? [] : [`${lever} is unknown: ${reason}.`]),
    ...caveats.map((caveat) => `${lever}: ${caveat}`),
  ]);
  return [`${from} to ${to}`, printTable(COLUMNS, rows), notes.join("\n"), OVERLAP].filter((part) => part !== "").join("\n\n");
}
