import type { ExplainAnswer } from "../../contract/price-explain-contract.ts";
import { USAGE_DIALECTS } from "../../core/usage/usage.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { UsageError } from "../usage-error.ts";

export const priceExplainCommand: Command = {
  name: "price explain",
  summary: "What a call costs, line by line: tokens, price, amount and why that price; unpriced is exit code 1.",
  usage: "",
  options: [
    { name: "provider", type: "string", value: "name", description: "Provider of the price list", required: true },
    { name: "model", type: "string", value: "name", description: "Model, as it is sent", required: true },
    {
      name: "usage",
      type: "string",
      value: "json",
      description:
        'Inclusive counts such as {"input_tokens":1000,"cache_read_tokens":400,"output_tokens":50}; with --dialect a provider\'s usage or answer',
      required: true,
    },
    {
      name: "dialect",
      type: "string",
      value: "dialect",
      description: `The usage is that of a provider's answer: one of ${USAGE_DIALECTS.join(", ")}`,
    },
    { name: "at", type: "string", value: "instant", description: "As of then, ISO 8601; now unless set" },
    { name: "service-tier", type: "string", value: "tier", description: "Service tier as served, such as flex" },
    { name: "batch", type: "boolean", description: "In a batch" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const body = {
      provider: context.text("provider"),
      model: context.text("model"),
      usage: readUsageOption(context.text("usage") ?? ""),
      dialect: oneOf(context, "dialect", USAGE_DIALECTS),
      at: context.text("at"),
      service_tier: context.text("service-tier"),
      batch: context.flag("batch"),
    };
    const answer = await clientFor(context).post<ExplainAnswer>("/api/v1/prices/explain", body);
    context.out(context.json ? JSON.stringify(answer) : explanationText(answer, `${body.provider} ${body.model}`));
    return answer.outcome === "priced" ? 0 : 1;
  },
};

function readUsageOption(text: string): object {
  try {
    const usage: unknown = JSON.parse(text);
    if (typeof usage === "object" && usage !== null && !Array.isArray(usage)) return usage;
  } catch {
    // Said below, as for JSON that is no object.
  }
  throw new UsageError("--usage is no JSON object.", `Write it as --usage '{"input_tokens":1000,"output_tokens":50}'.`);
}

export function explanationText(answer: ExplainAnswer, called: string): string {
  if (answer.price_id === null) return printable(`${called} had no price at ${answer.at}. Add one under prices in ballast.yaml.`);
  if (answer.outcome === "unpriced") return printable(`${answer.price_id} at ${answer.at} cannot price this: ${answer.reason}.`);
  const right = (title: string) => ({ title, align: "right" }) as const;
  const columns = [{ title: "unit" }, right("count"), right("price usd"), { title: "per" }, right("amount usd"), { title: "why" }];
  const rows = answer.lines.map(({ unit, count, price_usd, per, amount_usd, rule }) => [
    unit,
    String(count),
    price_usd,
    per,
    amount_usd,
    rule,
  ]);
  const tier = answer.service_tier === null ? "" : `, service tier ${answer.service_tier}`;
  const reported = answer.provider_cost_usd === null ? "" : `\nThe provider says that it cost ${answer.provider_cost_usd}.`;
  rows.push(["total", "", "", "", answer.total_usd ?? "", `booked as ${answer.booked_usd}, rounded up once`]);
  return `${printable(`${answer.price_id}, published by ${answer.source}, at ${answer.at}${tier}`)}\n\n${printTable(columns, rows)}${printable(reported)}`;
}
