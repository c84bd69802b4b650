import { readFileSync } from "node:fs";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../std/package-root.ts";
import { SCHEMA_FILES, schemaText } from "./schema-files.ts";

const read = (path: string) => readFileSync(new URL(path, packageRoot(import.meta.url)), "utf8");
const POLICY = "schemas/policy.schema.json";
const POLICY_TEST = "schemas/policy-test.schema.json";

describe("the schemas for editors", () => {
  it("are what `node scripts/write-schemas.ts` writes now", () => {
    for (const [path, schema] of Object.entries(SCHEMA_FILES)) expect([path, read(path)]).toEqual([path, schemaText(schema)]);
  });

  it("take the documents' own policies and the sample of their tests", () => {
    const check = (path: string, file: string) => Value.Check(JSON.parse(read(path)), parse(read(file)));
    expect(check(POLICY, "test/fixtures/policies/spend_slo.yaml")).toBe(true);
    expect(check(POLICY, "test/fixtures/policies/budget_guard.yaml")).toBe(true);
    expect(check(POLICY_TEST, "samples/policies/spend_slo_test.yaml")).toBe(true);
  });

  it("do not take an unknown setting or action", () => {
    const printed = read("test/fixtures/policies/spend_slo.yaml");
    const guard = read("test/fixtures/policies/budget_guard.yaml");
    const check = (text: string) => Value.Check(JSON.parse(read(POLICY)), parse(text));
    expect(check(printed.replace("depth_k=max(4)", "depthk=max(4)"))).toBe(false);
    expect(check(printed.replace("exclusions:", "exclusion:"))).toBe(false);
    expect(check(guard.replace(", degrade_to_small", ", degrade_to_smal"))).toBe(false);
  });
});
