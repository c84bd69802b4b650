import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Problem } from "../contract/problem.ts";
import { parseScenarioFile, readScenarioFile } from "./read-scenario-file.ts";

function problemsOf(text: string): unknown {
  try {
    parseScenarioFile(text, "s.yaml", () => undefined);
  } catch (error) {
    if (error instanceof Problem && error.code === "scenario_invalid") return error.details.problems;
    throw error;
  }
  return [];
}

it("names line and column of everything that is wrong", () => {
  const text =
    "models:\n  small: { input_usd_mtok: 1, output_usd_mtok: 4 }\nscenarios:\n  - name: a\n    monthly_volume: many\n    mix: { small: 90% }\n    colour: red\n";
  expect(problemsOf(text)).toEqual([
    { file: "s.yaml", line: 5, column: 5, setting: "scenarios[0].monthly_volume", message: 'expected a number from 0 up, found "many"' },
    { file: "s.yaml", line: 6, column: 5, setting: "scenarios[0].mix", message: "the shares must add up to 100%" },
    expect.objectContaining({ line: 7, column: 5, setting: "scenarios[0].colour" }),
  ]);
});

it("keeps the digits of a number as they are written", () => {
  const plan = parseScenarioFile(
    "scenarios: [{ name: a, monthly_volume: 123456789012345, ucr_usd: 0.000000000001 }]",
    "s.yaml",
    () => undefined,
  );
  expect(plan.scenarios[0].figures.get("monthly_volume")!.likely).toEqual({ top: 123456789012345n, bottom: 1n });
  expect(plan.scenarios[0].statedUcr!.likely).toEqual({ top: 1n, bottom: 10n ** 12n });
});

it("refuses what is no YAML, a name twice, an alias and a file that is not there", () => {
  expect(problemsOf("scenarios: [")).toMatchObject([{ line: 1 }]);
  expect(problemsOf("name: a\nname: b\nscenarios: []")).toMatchObject([{ line: 2 }]);
  expect(problemsOf("inputs: &x { depth_k: 1 }\nscenarios: [*x]")).toMatchObject([{ line: 2, setting: "scenarios[0]" }]);
  expect(() => readScenarioFile("/no/such.yaml", () => undefined)).toThrow("there is no such file");
});

it("reads the sample", () => {
  const sample = readFileSync(new URL("../../samples/economics-scenarios.yaml", import.meta.url), "utf8");
  expect(parseScenarioFile(sample, "sample", () => undefined).scenarios.map(({ name }) => name)).toEqual([
    "Optimistic",
    "Base",
    "Conservative",
  ]);
});
