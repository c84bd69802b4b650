import { readFileSync, statSync } from "node:fs";
import { Problem } from "../contract/problem.ts";
import { type PriceCatalogue, parseCatalogue } from "../core/pricing/price-catalogue.ts";
import { PriceDataError } from "../core/pricing/price-data-error.ts";
import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/** @throws Problem price_file_invalid that names the file and the figure */
export function readCatalogue(file: string, atMs: number): PriceCatalogue {
  return parseCatalogue(readJsonFile(file), atMs, file.replace(/^.*[\\/]/, ""));
}

export function readJsonFile(file: string): unknown {
  try {
    if (statSync(file).size > MOST_BYTES) throw new Problem("price_file_invalid", { file }, { message: `${file} is larger than 64 MiB.` });
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Problem) throw error;
    const why = error instanceof SyntaxError ? "is not JSON" : `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new Problem("price_file_invalid", { file }, { cause: error, message: `${file} ${why}.` });
  }
}

/** Carries out work on price files; what is wrong in one is told as a problem. */
export function toldPlainly<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof PriceDataError)
      throw new Problem("price_file_invalid", { where: error.where }, { cause: error, message: `${error.message}.` });
    throw error;
  }
}

/** The option --at as an instant; now unless it is given. @throws UsageError */
export function instantOption(context: Pick<CommandContext, "text">): number {
  const text = context.text("at");
  if (text === undefined) return Date.now();
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new UsageError(`--at ${text} is no day or instant.`, "Write it as --at 2026-11-01 or --at 2026-11-01T12:00:00Z.");
}
