import { readFileSync } from "node:fs";

/**
 * The text of a file in UTF-8.
 * @param problem makes what is thrown when there is none, from words that complete "the file …"
 */
export function readTextFile(file: string, mostBytes: number, problem: (message: string, cause?: unknown) => Error): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw problem(code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`, error);
  }
  if (bytes.length > mostBytes) throw problem(`is larger than ${mostBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw problem("is not text in UTF-8", error);
  }
}
