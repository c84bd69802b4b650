import type { RepriceAnswer } from "../../contract/repricing-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";
import { dryRunQuery } from "./budget-set-command.ts";

export const priceRepriceCommand: Command = {
  name: "price reprice",
  summary: "Prices a month again by what is known of prices, tells the difference line by line, and writes it as reversing and new facts.",
  usage: "",
  options: [
    { name: "month", type: "string", value: "month", required: true, description: "Calendar month in UTC, such as 2026-10" },
    { name: "as-known-at", type: "string", value: "instant", description: "By what was known of prices then; now unless set" },
    { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const body = { month: context.text("month"), as_known_at: context.text("as-known-at"), reason: context.text("reason") };
    const answer = await clientFor(context).post<RepriceAnswer>("/api/v1/prices/reprice", body, dryRunQuery(context));
    context.out(context.json ? JSON.stringify(answer) : repricingText(answer));
    return 0;
  },
};

const right = (title: string) => ({ title, align: "right" }) as const;

export function repricingText(answer: RepriceAnswer): string {
  const { month, booked, known_then: then, known_now: now, as_known_at, remembered_since } = answer;
  const totals = [
    ["as booked", String(booked.calls), "", booked.contracted_usd, "", String(booked.unknown)],
    ["as known then", String(then.calls), listUsd(then), then.contracted_usd, then.billed_usd, String(then.unpriced)],
    [`as known at ${as_known_at}`, String(now.calls), listUsd(now), now.contracted_usd, now.billed_usd, String(now.unpriced)],
  ];
  const columns = [{ title: month }, right("calls"), right("list usd"), right("contracted usd"), right("billed usd"), right("unpriced")];
  const parts = [printTable(columns, totals), ...changeParts(answer), ...besideParts(answer)];
  parts.push(`What was known of prices is kept since ${remembered_since}.`);
  parts.push(conclusion(answer));
  return parts.join("\n\n");
}

/** Calls without a list price are in no sum of list prices: unknown is not zero. */
function listUsd({ calls, unpriced, without_list_price, list_usd }: RepriceAnswer["known_now"]): string {
  return without_list_price > 0 && without_list_price === calls - unpriced ? "–" : list_usd;
}

/** Why the month costs something else: lines that add up to the difference. */
function changeParts({ lines, rounding_usd, booked_otherwise_usd, difference_usd }: RepriceAnswer): string[] {
  if (lines.length === 0 && !/[1-9]/.test(difference_usd)) return [];
  const columns = [
    ...[{ title: "provider" }, { title: "model" }, { title: "unit" }, right("count"), right("old usd"), right("new usd")],
    ...[{ title: "per" }, right("difference usd")],
  ];
  const rows = lines.map((line) => [
    ...[line.provider, line.model, line.unit, line.count],
    ...[line.old_price_usd ?? "–", line.new_price_usd ?? "–", line.per, line.difference_usd],
  ]);
  const rest = (name: string, usd: string) => [name, "", "", "", "", "", "", usd];
  rows.push(rest("rounding of each call", rounding_usd));
  if (/[1-9]/.test(booked_otherwise_usd)) rows.push(rest("corrected before", negative(booked_otherwise_usd)));
  rows.push(rest("difference", difference_usd));
  return [printTable(columns, rows)];
}

function besideParts({ kept, tenants, commitments }: RepriceAnswer): string[] {
  const parts: string[] = [];
  if (kept.length > 0) {
    const rows = kept.map(({ reason, calls, cost_usd }) => [reason, String(calls), cost_usd]);
    parts.push(printTable([{ title: "not repriced" }, right("calls"), right("cost usd")], rows));
  }
  if (tenants.length > 0) {
    const rows = tenants.map(({ tenant, contracted_usd, billed_usd }) => [tenant, contracted_usd, billed_usd]);
    parts.push(printTable([{ title: "tenant" }, right("contracted usd"), right("billed usd")], rows));
  }
  if (commitments.length > 0) {
    const rows = commitments.map((one) => [one.contract, one.provider, one.committed_usd, one.used_usd, one.shortfall_usd]);
    const columns = [{ title: "contract" }, { title: "provider" }, right("committed usd"), right("used usd"), right("shortfall usd")];
    parts.push(printTable(columns, rows));
  }
  return parts;
}

function conclusion({ dry_run, corrected_calls, before_usd, after_usd, repricing }: RepriceAnswer): string {
  if (corrected_calls === 0) return `All facts stay as they are: ${before_usd} USD.`;
  const sums = `${before_usd} USD become ${after_usd} USD`;
  if (dry_run) return `${corrected_calls} calls would be corrected, and ${sums}. Nothing was written.`;
  return printable(`${corrected_calls} calls are corrected, and ${sums}. The facts carry ${repricing}.`);
}

function negative(usd: string): string {
  return usd.startsWith("-") ? usd.slice(1) : `-${usd}`;
}
