import type { AlertsAnswer, AlertView } from "../../contract/alerts-contract.ts";
import { ALERT_LIST_STATES } from "../../core/alerts/alert.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable, type TableColumn } from "../print-table.ts";
import { oneOf, wholeNumber } from "../read-number.ts";

export const alertListCommand: Command = {
  name: "alert list",
  summary: "Lists alerts, the newest first, and where they could not be delivered.",
  usage: "",
  options: [
    { name: "state", type: "string", value: "state", description: `One of ${ALERT_LIST_STATES.join(", ")}`, default: "open" },
    { name: "limit", type: "string", value: "count", description: "How many at most, 1 to 1000", default: "100" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const state = oneOf(context, "state", ALERT_LIST_STATES);
    const limit = String(wholeNumber(context, "limit", 1, 1000));
    const answer = await clientFor(context).get<AlertsAnswer>("/api/v1/alerts", { state, limit });
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(answer.alerts.length === 0 ? noneText(state) : alertTable(answer.alerts));
    return 0;
  },
};

function noneText(state: string | undefined): string {
  return state === "all" ? "There is no alert." : state === "dead" ? "No delivery was given up." : `No alert is ${state}.`;
}

function alertTable(alerts: readonly AlertView[]): string {
  const columns: TableColumn[] = [
    { title: "id" },
    { title: "raised" },
    { title: "severity" },
    { title: "title" },
    { title: "acknowledged" },
    { title: "undelivered" },
  ];
  return printTable(
    columns,
    alerts.map((alert) => [
      alert.id,
      alert.raised_at,
      alert.severity,
      alert.title,
      alert.acknowledged_at ?? "no",
      alert.deliveries
        .filter(({ error }) => error !== null)
        .map(({ channel, state, error }) => `${channel} ${state}: ${error}`)
        .join("; ") || "-",
    ]),
  );
}
