import { isPolicyProblem, readPolicyTest } from "../../config/read-policy-test.ts";
import { type PolicyScenario, runScenario, type ScenarioOutcome } from "../../core/policy/policy-scenario.ts";
import { durationText } from "../../core/time/duration.ts";
import type { Command } from "../command.ts";
import { type SettingProblem, settingLine, settingProblems } from "../failure-report.ts";
import { scenarioLines } from "../policy/scenario-diff.ts";
import { printable } from "../print-table.ts";

interface FileResult {
  readonly file: string;
  readonly problems: readonly SettingProblem[];
  readonly tests: readonly { readonly scenario: PolicyScenario; readonly outcome: ScenarioOutcome }[];
}

export const policyTestCommand: Command = {
  name: "policy test",
  summary: "Runs tests of policies: signals over virtual time, and which changes are expected; a failure is exit code 1.",
  usage: "<file...>",
  options: [],
  async run({ words, json, out }) {
    const results = words.map(testFile);
    const hasFailed = results.some(isFailure);
    if (json) out(JSON.stringify({ passed: !hasFailed, files: results.map(jsonOf) }));
    else for (const line of results.flatMap(linesOf)) out(printable(line));
    return hasFailed ? 1 : 0;
  },
};

/** A file that cannot be used is a finding too, and the others are still run. */
function testFile(file: string): FileResult {
  try {
    const tests = readPolicyTest(file).map((scenario) => ({ scenario, outcome: runScenario(scenario) }));
    return { file, problems: [], tests };
  } catch (error) {
    if (!isPolicyProblem(error)) throw error;
    return { file, problems: settingProblems(error.details), tests: [] };
  }
}

function isFailure({ problems, tests }: FileResult): boolean {
  return problems.length > 0 || tests.some(({ outcome }) => outcome.mismatches.length > 0);
}

function linesOf({ file, problems, tests }: FileResult): string[] {
  if (problems.length > 0) return [`${file}: cannot be used`, ...problems.map((problem) => `  ${settingLine(problem)}`)];
  const failed = tests.filter(({ outcome }) => outcome.mismatches.length > 0).length;
  const total = failed === 0 ? `${tests.length} passed` : `${failed} of ${tests.length} failed`;
  return [`${file}: ${total}`, ...tests.flatMap(({ scenario, outcome }) => scenarioLines(scenario, outcome))];
}

function jsonOf({ file, problems, tests }: FileResult): object {
  const each = tests.map(({ scenario: { intervalMs }, outcome: { name, mismatches } }) => ({
    name,
    passed: mismatches.length === 0,
    mismatches: mismatches.map(({ tick, missing, unexpected, matched }) => ({
      at: durationText(tick * intervalMs),
      missing,
      unexpected,
      matched,
    })),
  }));
  return { file, passed: problems.length === 0 && each.every(({ passed }) => passed), problems, tests: each };
}
