import { fileJsonSchema } from "./config-json-schema.ts";
import { policyRoot } from "./policy-schema.ts";
import { policyTestRoot } from "./policy-test-schema.ts";

/** The JSON Schemas that are shipped for editors, by their path in the package. `scripts/write-schemas.ts` writes them. */
export const SCHEMA_FILES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "schemas/policy.schema.json": fileJsonSchema("A spending policy of Ballast", policyRoot),
  "schemas/policy-test.schema.json": fileJsonSchema("Tests of spending policies of Ballast", policyTestRoot),
};

export function schemaText(schema: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
