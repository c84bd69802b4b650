import { configProblem } from "../../config/config-finding.ts";
import { configJsonSchema } from "../../config/config-json-schema.ts";
import { findConfigFile, readConfig } from "../../config/read-config.ts";
import { readControlPolicies } from "../../config/read-control-policies.ts";
import { readPolicyFile } from "../../config/read-policy-file.ts";
import { readPolicyTest } from "../../config/read-policy-test.ts";
import { readTextFile } from "../../config/read-text-file.ts";
import { recogniseFile } from "../../config/recognise-file.ts";
import { Problem } from "../../contract/problem.ts";
import type { Command } from "../command.ts";
import { type SettingProblem, settingLine, settingProblems } from "../failure-report.ts";
import { printable } from "../print-table.ts";

const MOST_FILE_BYTES = 4 * 1024 * 1024;

interface Validation {
  readonly valid: boolean;
  readonly file: string | null;
  readonly problems: readonly SettingProblem[];
  /** What to print where the problems have no lines of their own. */
  readonly message: string;
}

export const validateCommand: Command = {
  name: "validate",
  summary: "Checks configuration with the policies it names, policy and policy test files without starting anything; tells every problem.",
  usage: "[file...]",
  options: [{ name: "schema", type: "boolean", description: "Print the JSON Schema of the configuration instead, for editors" }],
  async run({ words, json, out, flag }) {
    if (flag("schema")) {
      out(JSON.stringify(configJsonSchema(), null, 2));
      return 0;
    }
    const validations = words.length === 0 ? [validate(undefined)] : words.map(validate);
    const isValid = validations.every(({ valid }) => valid);
    if (json) out(JSON.stringify(jsonOf(validations)));
    else for (const line of validations.flatMap(linesOf)) out(printable(line));
    return isValid ? 0 : 1;
  },
};

function validate(path: string | undefined): Validation {
  try {
    const file = path === undefined ? findConfigFile() : path;
    if (file === undefined) readConfig({});
    else checkFile(file);
    const message = file === undefined ? "There is no ballast.yaml here, so the defaults hold." : `${file} is valid.`;
    return { valid: true, file: file ?? null, problems: [], message };
  } catch (error) {
    // A wrong file is what this command is there to find.
    if (!(error instanceof Problem) || (error.code !== "config_invalid" && error.code !== "policy_invalid")) throw error;
    return { valid: false, file: path ?? null, problems: settingProblems(error.details), message: error.message };
  }
}

function checkFile(file: string): void {
  const text = readTextFile(file, MOST_FILE_BYTES, (message, cause) => {
    return configProblem(file, [{ setting: "", line: 0, column: 0, message }], cause);
  });
  const kind = recogniseFile(text);
  switch (kind) {
    case "config":
      readControlPolicies(readConfig({ path: file }));
      return;
    case "policy":
      readPolicyFile(file);
      return;
    case "policy_test":
      readPolicyTest(file);
      return;
    default:
      kind satisfies never;
  }
}

/** Of one file as ever; of several one each. */
function jsonOf(validations: readonly Validation[]): object {
  const each = validations.map(({ valid, file, problems }) => (valid ? { valid, file, problems } : { valid, problems }));
  if (each.length === 1) return each[0]!;
  return {
    valid: validations.every(({ valid }) => valid),
    files: validations.map(({ valid, file, problems }) => ({ valid, file, problems })),
  };
}

function linesOf({ valid, problems, message }: Validation): string[] {
  return valid || problems.length === 0 ? [message] : problems.map(settingLine);
}
