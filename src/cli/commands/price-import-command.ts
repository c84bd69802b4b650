import { writeFileSync } from "node:fs";
import { parseCatalogue, withinScale } from "../../core/pricing/price-catalogue.ts";
import { parsePriceList } from "../../core/pricing/price-list.ts";
import { parsePriceSupplement } from "../../core/pricing/price-row.ts";
import { rowsFromLitellm } from "../../core/pricing/rows-from-litellm.ts";
import type { Command, CommandContext } from "../command.ts";
import { printable } from "../print-table.ts";
import { instantOption, readJsonFile, toldPlainly } from "../read-catalogue.ts";
import { UsageError } from "../usage-error.ts";

export const priceImportCommand: Command = {
  name: "price import",
  summary: "Turns a catalogue of LiteLLM or genai-prices into a price file of Ballast, and tells what it leaves out and why.",
  usage: "<catalogue>",
  options: [
    { name: "out", type: "string", value: "file", description: "The price file to write; name it under price_files in ballast.yaml" },
    { name: "dry-run", type: "boolean", description: "Tell what would be written, and write nothing" },
    { name: "provider", type: "string", value: "name", description: "Only models of this provider, as the catalogue calls it" },
    { name: "at", type: "string", value: "instant", description: "When the catalogue was published; now unless set" },
  ],
  async run(context) {
    const [file = ""] = context.words;
    const out = context.text("out");
    if ((out === undefined) === !context.flag("dry-run")) {
      throw new UsageError("One of --out and --dry-run is needed.", "Look with --dry-run first, then write with --out my-prices.json.");
    }
    const imported = toldPlainly(() => importCatalogue(file, context));
    if (out !== undefined) writeFileSync(out, imported.text);
    const { left_out, prices, format } = imported;
    if (context.json) context.out(JSON.stringify({ file: out ?? null, format, prices, left_out }));
    else {
      context.out(
        `${prices} prices of ${format} ${out === undefined ? "would be written" : `are in ${out}`}; ${left_out.length} models are left out.`,
      );
      for (const { model, reason } of left_out) context.out(printable(`  ${model} ${reason}`));
    }
    return 0;
  },
};

interface Imported {
  readonly format: string;
  readonly prices: number;
  readonly left_out: readonly { readonly model: string; readonly reason: string }[];
  readonly text: string;
}

/** What is written was read once by the rules that will read it at the start: a file that is written can be used. */
function importCatalogue(file: string, context: CommandContext): Imported {
  const provider = context.text("provider");
  const at = instantOption(context);
  const json = readJsonFile(file);
  const catalogue = parseCatalogue(json, at, file);
  if (catalogue.format === "genai-prices") {
    const list = (withinScale(json) as { id: string }[]).filter(({ id }) => provider === undefined || id === provider);
    const models = parsePriceList(list, file).providers.flatMap((one) => one.models);
    return { format: catalogue.format, prices: models.length, left_out: [], text: `${JSON.stringify(list)}\n` };
  }
  const { rows, leftOut } = rowsFromLitellm(catalogue, new Date(at).toISOString().slice(0, 10), provider);
  const sources = { litellm: "LiteLLM catalogue (BerriAI/litellm, MIT), imported by ballast price import" };
  const priceFile = { format: "ballast-prices/1", sources, rows };
  parsePriceSupplement(priceFile, file);
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const text = `{\n  "format": "ballast-prices/1",\n  "sources": ${JSON.stringify(sources)},\n  "rows": [\n${lines}\n  ]\n}\n`;
  return { format: catalogue.format, prices: rows.length, left_out: leftOut, text };
}
