import { readdirSync, readFileSync } from "node:fs";

/** The text of a statement of this room, in the checkout or in the packed product. @param path such as "questions/costs-by-group.sql" */
export function warehouseSql(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** Merged migrations in the order in which they apply. */
export function warehouseMigrations(): readonly { readonly name: string; readonly statement: string }[] {
  const files = readdirSync(new URL("migrations/", import.meta.url)).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file) => ({ name: file.slice(0, -".sql".length), statement: warehouseSql(`migrations/${file}`) }));
}
