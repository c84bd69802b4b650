import { type CatalogueDiff, diffCatalogues } from "../../core/pricing/diff-catalogues.ts";
import type { Command } from "../command.ts";
import { printable, printTable } from "../print-table.ts";
import { instantOption, readCatalogue, toldPlainly } from "../read-catalogue.ts";
import { UsageError } from "../usage-error.ts";

export const priceDiffCommand: Command = {
  name: "price diff",
  summary: "What changed between two price catalogues: models added, removed and renamed, and each price that is another.",
  usage: "<old> <new>",
  options: [
    { name: "provider", type: "string", value: "name", description: "Only models of this provider, as the catalogue calls it" },
    {
      name: "at",
      type: "string",
      value: "instant",
      description: "Which prices count where a catalogue has several by date; now unless set",
    },
    { name: "summary", type: "boolean", description: "Print only how many there are of each" },
  ],
  async run(context) {
    const [old = "", now = ""] = context.words;
    const at = instantOption(context);
    const [before, after] = toldPlainly(() => [readCatalogue(old, at), readCatalogue(now, at)] as const);
    if (before.format !== after.format) {
      throw new UsageError(`${old} is a catalogue of ${before.format}, ${now} of ${after.format}.`, "Compare two of the same kind.");
    }
    const provider = context.text("provider");
    const only = (catalogue: typeof before) =>
      provider === undefined
        ? catalogue
        : { ...catalogue, models: new Map([...catalogue.models].filter(([, model]) => model.provider === provider)) };
    const diff = diffCatalogues(only(before), only(after));
    if (context.json) context.out(JSON.stringify(diff));
    else context.out(context.flag("summary") ? diffSummary(diff) : diffText(diff));
    return 0;
  },
};

function diffSummary({ added, removed, renamed, repriced }: CatalogueDiff): string {
  const models = new Set(repriced.map(({ model }) => model)).size;
  return `${added.length} added, ${removed.length} removed, ${renamed.length} renamed, ${models} repriced in ${repriced.length} lines`;
}

export function diffText(diff: CatalogueDiff): string {
  const parts = [diffSummary(diff)];
  if (diff.repriced.length > 0) {
    const right = (title: string) => ({ title, align: "right" }) as const;
    const columns = [{ title: "repriced" }, { title: "component" }, right("old usd"), right("new usd"), { title: "per" }, right("percent")];
    const rows = diff.repriced.map((line) => [
      line.model,
      line.component,
      line.old_usd ?? "–",
      line.new_usd ?? "–",
      line.per,
      line.percent === null ? "–" : `${line.percent.startsWith("-") ? "" : "+"}${line.percent}`,
    ]);
    parts.push(printTable(columns, rows));
  }
  const lists = [
    ["Renamed", diff.renamed.map(({ from, to }) => `${from} -> ${to}`)],
    ["Removed", diff.removed],
    ["Added", diff.added],
  ] as const;
  for (const [title, names] of lists)
    if (names.length > 0) parts.push([`${title}:`, ...names.map((name) => printable(`  ${name}`))].join("\n"));
  return parts.join("\n\n");
}
