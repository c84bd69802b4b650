import { readdirSync, readFileSync } from "node:fs";

/** A statement with its parameters numbered, as PostgreSQL wants them. */
export interface Numbered {
  readonly text: string;
  /** Of :named parameters, in the order of their numbers. */
  readonly names: readonly string[];
}

export function numberParameters(sql: string): Numbered {
  const names: string[] = [];
  let positions = 0;
  const text = sql.replace(/--[^\n]*/g, "").replace(/\?|(?<!:):([a-z]\w*)/gi, (_, parameter?: string) => {
    if (parameter === undefined) return `$${++positions}`;
    if (!names.includes(parameter)) names.push(parameter);
    return `$${names.indexOf(parameter) + 1}`;
  });
  return { text, names };
}

/** Every statement of a folder of `.sql` files, by file name. */
export function readStatements(folder: URL): ReadonlyMap<string, string> {
  const statements = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    if (file.endsWith(".sql")) statements.set(file.slice(0, -4), readFileSync(new URL(file, folder), "utf8"));
  }
  return statements;
}
