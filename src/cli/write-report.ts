import { writeFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/** Writes what a command was asked to write. @throws UsageError where that is no place to write to */
export function writeReport(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such folder" : code === "EISDIR" ? "it is a folder" : `${code}`;
    throw new UsageError(`${file} cannot be written: ${why}.`, "Name a file in a folder that exists.");
  }
}
