import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { JudgedPrompt } from "../src/core/learned-router/train-router.ts";
import { readCsv } from "../src/std/csv-text.ts";

/** A question of a known set that GPT-4 Turbo (gpt-4-1106) and Mixtral 8x7B answered, as RouteLLM recorded it. */
export interface RecordedPrompt extends JudgedPrompt {
  readonly set: "mmlu" | "gsm8k";
  /** Of MMLU; of GSM8K the set's name. */
  readonly subject: string;
}

const FILES = [
  { set: "mmlu", file: "routellm-mmlu.csv.gz" },
  { set: "gsm8k", file: "routellm-gsm8k-responses.csv.gz" },
] as const;

/** Where they are from: what is told when they are not there. */
export const RECORDED_PROMPTS_SOURCE =
  "lm-sys/RouteLLM at 0b64fda, routellm/evals/{mmlu/responses,gsm8k}, as model-routing/routellm-{mmlu,gsm8k-responses}.csv.gz";

/** @returns undefined when the folder does not have them */
export function recordedPrompts(dataFolder: string): RecordedPrompt[] | undefined {
  const paths = FILES.map(({ set, file }) => ({ set, path: join(dataFolder, "model-routing", file) }));
  if (paths.some(({ path }) => !existsSync(path))) return undefined;
  return paths.flatMap(({ set, path }) => {
    const { rows } = readCsv(gunzipSync(readFileSync(path)).toString("utf8"));
    const [head, ...body] = rows.map((row) => row.map(({ text }) => text));
    const cell = (row: readonly string[], name: string) => row[head!.indexOf(name)]!;
    return body.map((row) => ({
      set,
      subject: set === "mmlu" ? cell(row, "subject") : set,
      text: cell(row, "prompt"),
      weakIsRight: cell(row, "mixtral_8x7b_correct") === "True",
      strongIsRight: cell(row, "gpt4_1106_correct") === "True",
    }));
  });
}
