import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MODEL_INPUTS, SCENARIO_INPUTS, type ScenarioInput } from "./scenario-inputs.ts";

it("documents exactly the numbers that there are", () => {
  const page = readFileSync(new URL("../../../docs/concepts/scenarios.md", import.meta.url), "utf8");
  const row = ({ name, unit, byDefault, meaning }: ScenarioInput) => `| \`${name}\` | ${unit} | ${byDefault ?? "–"} | ${meaning} |`;
  const inputs: readonly ScenarioInput[] = [...SCENARIO_INPUTS, ...MODEL_INPUTS];
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(inputs.map(row));
});
