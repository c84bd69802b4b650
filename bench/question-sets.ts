import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readCsv } from "../src/std/csv-text.ts";

/* The questions of test/fixtures/questions; its README says whose they are. */

export interface LabelledQuestion {
  readonly text: string;
  readonly intent: string;
}

const bytesOf = (name: string) => readFileSync(new URL(`../test/fixtures/questions/${name}`, import.meta.url));

export function bankingQuestions(): LabelledQuestion[] {
  return rowsOf(gunzipSync(bytesOf("banking77-train.csv.gz")).toString("utf8")).map(([text, intent]) => ({ text: text!, intent: intent! }));
}

export function bankingPairs(): { readonly textA: string; readonly textB: string; readonly isSame: boolean }[] {
  return rowsOf(bytesOf("banking77-pairs.csv").toString("utf8")).map((row) => ({ textA: row[0]!, textB: row[1]!, isSame: row[4] === "1" }));
}

export function assistantQuestions(): LabelledQuestion[] {
  const { train, val } = JSON.parse(gunzipSync(bytesOf("clinc150-train-val.json.gz")).toString("utf8")) as Record<
    string,
    [string, string][]
  >;
  return [...train!, ...val!].map(([text, intent]) => ({ text, intent }));
}

function rowsOf(text: string): string[][] {
  return readCsv(text)
    .rows.slice(1)
    .map((row) => row.map((cell) => cell.text));
}
