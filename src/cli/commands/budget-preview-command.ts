import type { Static } from "typebox";
import type { previewAnswer } from "../../contract/budget-preview-contract.ts";
import { WINDOW_KINDS } from "../../core/time/window.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";
import { oneOf, wholeNumber } from "../read-number.ts";

type Preview = Static<typeof previewAnswer>;

export const budgetPreviewCommand: Command = {
  name: "budget preview",
  summary: "Says what a limit would have refused of the last days' calls. Changes nothing.",
  usage: "<scope>",
  options: [
    { name: "limit-usd", type: "string", value: "usd", required: true, description: "The limit in USD, with at most 9 decimal places" },
    { name: "window", type: "string", value: "window", description: `Window of the limit: ${WINDOW_KINDS.join(", ")}; month unless set` },
    { name: "zone", type: "string", value: "zone", description: "IANA time zone in which the window's days begin; UTC unless set" },
    { name: "soft", type: "boolean", description: "Of a budget that tells and refuses nothing: only its thresholds" },
    { name: "days", type: "string", value: "days", description: "How many days back, 1 to 366", default: "30" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const body = {
      scope: context.words[0],
      limit_usd: context.text("limit-usd"),
      window: oneOf(context, "window", WINDOW_KINDS),
      zone: context.text("zone"),
      hard: context.flag("soft") ? false : undefined,
      days: wholeNumber(context, "days", 1, 366),
    };
    const wish = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const answer = await clientFor(context).post<Preview>("/api/v1/budgets/preview", wish);
    context.out(context.json ? JSON.stringify(answer) : previewText(answer));
    return 0;
  },
};

function previewText(preview: Preview): string {
  const { scope, limit_usd, window, from, to, calls, cost_usd } = preview;
  const replayed = `${limit_usd} USD a ${window} on ${scope}, over ${calls} calls of ${cost_usd} USD from ${from} to ${to}:`;
  const hit = preview.tenants.filter(({ refused_calls }) => refused_calls > 0);
  const refusals = hit.map(({ tenant, refused_calls, refused_usd, first_refused_at }) => {
    return `would have refused ${refused_calls} calls of tenant ${tenant}, first at ${first_refused_at}, ${refused_usd} USD`;
  });
  const rows = preview.thresholds.map(({ percent, crossed_at, window_start }) => [`${percent} %`, crossed_at, window_start]);
  const table = printTable([{ title: "threshold", align: "right" }, { title: "crossed" }, { title: "window began" }], rows);
  const lines = [replayed, ...(refusals.length > 0 ? refusals : ["would have refused nothing"])].map(printable);
  return [...lines, ...(rows.length > 0 ? ["", table] : [])].join("\n");
}
