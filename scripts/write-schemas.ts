import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { SCHEMA_FILES, schemaText } from "../src/config/schema-files.ts";

/* Writes the JSON Schemas under schemas/ anew, after a change of what a file may say. A test compares them. */
for (const [path, schema] of Object.entries(SCHEMA_FILES)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, schemaText(schema));
  console.log(`${path} is written`);
}
