import { readFileSync } from "node:fs";
import { ServerRefusal } from "./server-refusal.ts";
import { UsageError } from "./usage-error.ts";

/** The server has read the text and not the file: its name is put before each place here. */
export function withFile(refusal: ServerRefusal, file: string): ServerRefusal {
  const { body, status } = refusal;
  if (!Array.isArray(body.problems)) return refusal;
  const problems = (body.problems as { field: string }[]).map((problem) => ({ file, setting: problem.field, ...problem }));
  return new ServerRefusal(status, { ...body, problems });
}

/** @throws UsageError */
export function formatOf(file: string): "csv" | "yaml" {
  if (/\.csv$/i.test(file)) return "csv";
  if (/\.ya?ml$/i.test(file)) return "yaml";
  throw new UsageError(`The name of ${file} says neither csv nor yaml.`, "Say which it is: --format csv.");
}

/** @throws UsageError */
export function textOf(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read (${code}).`, "Name a file that exists.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${file} is not text in UTF-8.`, "Save it in UTF-8.");
  }
}
