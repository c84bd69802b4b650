import type { PolicyScenario, ScenarioOutcome } from "../../core/policy/policy-scenario.ts";
import { durationText } from "../../core/time/duration.ts";

/** One test in lines: its name, and where it is not as expected, what is missing with a minus and what was not expected with a plus. */
export function scenarioLines({ intervalMs }: PolicyScenario, { name, mismatches }: ScenarioOutcome): string[] {
  if (mismatches.length === 0) return [`ok      ${name}`];
  const details = mismatches.flatMap(({ tick, missing, unexpected, matched }) => [
    `  at ${durationText(tick * intervalMs)}`,
    ...matched.map((text) => `      ${text}`),
    ...missing.map((text) => `    - ${text}`),
    ...unexpected.map((text) => `    + ${text}`),
  ]);
  return [`FAILED  ${name}`, ...details];
}
