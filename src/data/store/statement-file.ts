import { readdirSync, readFileSync } from "node:fs";

/** Every statement of a folder of `.sql` files, by file name. */
export function readStatements(folder: URL): ReadonlyMap<string, string> {
  const statements = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    if (file.endsWith(".sql")) statements.set(file.slice(0, -4), readFileSync(new URL(file, folder), "utf8"));
  }
  return statements;
}
