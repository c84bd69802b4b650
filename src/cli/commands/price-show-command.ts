import type { Static } from "typebox";
import type { PriceView, pricesAnswer } from "../../contract/books-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";

export const priceShowCommand: Command = {
  name: "price show",
  summary: "Shows what a model costs and where the price comes from; no price is exit code 1.",
  usage: "<provider> <model>",
  options: [
    { name: "at", type: "string", value: "instant", description: "As of then, ISO 8601; now unless set" },
    { name: "as-known-at", type: "string", value: "instant", description: "By what was known of prices then; now unless set" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [provider, model] = context.words;
    const query = { provider, model, at: context.text("at"), as_known_at: context.text("as-known-at") };
    const answer = await clientFor(context).get<Static<typeof pricesAnswer>>("/api/v1/prices", query);
    if (context.json) context.out(JSON.stringify(answer));
    else if (answer.prices.length === 0)
      context.out(printable(`${provider} ${model} had no price at ${answer.at}. Add one under prices in ballast.yaml.`));
    else context.out(answer.prices.map(priceText).join("\n\n"));
    return answer.prices.length === 0 ? 1 : 0;
  },
};

export function priceText({ price_id, source, valid_from, valid_to, known_at, terms, rates }: PriceView): string {
  const columns = [
    { title: "component" },
    { title: "above input tokens", align: "right" },
    { title: "usd", align: "right" },
    { title: "per" },
  ] as const;
  const rows = rates.map((rate) => [rate.component, String(rate.above_input_tokens ?? "–"), rate.usd, rate.per.replaceAll("_", " ")]);
  const validity = `valid from ${valid_from ?? "the start"} to ${valid_to ?? "further notice"}`;
  const said = [validity, ...(known_at === null ? [] : [`known since ${known_at}`]), ...terms].join("; ");
  return `${printable(`${price_id}, published by ${source}, ${said}`)}\n\n${printTable(columns, rows)}`;
}
