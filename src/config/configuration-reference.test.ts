import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../std/package-root.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { settingList, settingTable } from "./setting-list.ts";

const page = fileURLToPath(new URL("docs/reference/configuration.md", packageRoot(import.meta.url)));

// `npx vitest run src/config -u` writes the table anew after a change of the schema.
it("has a reference that lists exactly the settings there are, with type, default and description", async () => {
  const text = readFileSync(page, "utf8");
  const written = text.replace(
    /(<!-- settings:[^\n]*-->\n)[\s\S]*?(<!-- end of settings -->)/,
    (_, head, tail) => `${head}\n${settingTable()}\n\n${tail}`,
  );
  await expect(written).toMatchFileSnapshot(page);
  const listed = [...written.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  expect(listed).toEqual(settingList().map(({ path }) => path));
});

it("describes every setting in words that fit a cell", () => {
  for (const { path, description } of settingList()) expect([path, description]).toEqual([path, expect.stringMatching(/^[^|\n]{5,}\.$/)]);
});

it("lets editors leave out what has a default, and put in a variable", () => {
  const schema = configJsonSchema() as unknown as {
    required?: string[];
    additionalProperties: boolean;
    properties: Record<
      string,
      { required?: string[]; items?: { required?: string[] }; properties?: Record<string, { anyOf?: unknown[] }> }
    >;
  };
  expect(schema.required).toBeUndefined();
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.budgets!.items!.required).toEqual(["scope"]);
  expect(schema.properties.providers!.items!.required).toEqual(["name", "kind"]);
  expect(schema.properties.listen!.properties!.port!.anyOf).toHaveLength(2);
});

it("agrees with what editors are told: the example passes their schema, and mistakes do not", () => {
  const check = (text: string) => Value.Check(configJsonSchema() as never, parse(text));
  expect(check(readFileSync(new URL("ballast.example.yaml", packageRoot(import.meta.url)), "utf8"))).toBe(true);
  expect(check("default_budget: null")).toBe(true);
  for (const wrong of [
    "prot: 1",
    "listen: { port: '80' }",
    "budgets: [{ limit_usd: 5 }]",
    "api: { open_reads: maybe }",
    "default_budget: 5",
  ]) {
    expect([wrong, check(wrong)]).toEqual([wrong, false]);
  }
});
