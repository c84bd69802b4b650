import { basename } from "node:path";
import { Problem } from "../contract/problem.ts";
import type { PolicyFile } from "../core/policy/policy.ts";
import { type PolicyConflict, policyConflicts } from "./check-policy.ts";
import { compilePolicy } from "./compile-policy.ts";
import type { ConfigFinding } from "./config-finding.ts";
import { type Environment, environment as processEnvironment } from "./environment.ts";
import { policyRoot, type WrittenPolicy } from "./policy-schema.ts";
import { readSettings, type SettingsReading } from "./read-settings.ts";
import { readTextFile } from "./read-text-file.ts";

const MOST_FILE_BYTES = 4 * 1024 * 1024;

/** @throws Problem policy_invalid that names everything that is wrong, as `problems` in its details */
export function readPolicyFile(file: string): PolicyFile {
  return parsePolicy(
    readTextFile(file, MOST_FILE_BYTES, (message, cause) => fileProblem(file, message, cause)),
    file,
  );
}

/** As `readPolicyFile`, of a YAML text that is at hand. @param file its name, for messages; decisions name it without its folder */
export function parsePolicy(text: string, file: string, environment: Environment = processEnvironment): PolicyFile {
  const reading = readSettings(text, environment, policyRoot);
  if (reading.value === undefined) throw policyProblem(file, reading.findings);
  const written = reading.value as WrittenPolicy;
  const conflicts = policyConflicts(written).map((conflict) => placedWithin(conflict, reading, text));
  const findings = [...reading.findings, ...conflicts];
  if (findings.length > 0) throw policyProblem(file, findings);
  return compilePolicy(written, basename(file));
}

/** The place of a conflict: of its setting, and where the text of that stands on one line as it is meant, of the letter within. */
export function placedWithin(conflict: PolicyConflict, { places, valuePlaces }: SettingsReading, text: string): ConfigFinding {
  const { setting, message, at } = conflict;
  const place = valuePlaces.get(setting) ?? places.get(setting);
  if (!place) return { setting, message, line: 0, column: 0 };
  const line = text.split(/\r?\n/)[place.line - 1] ?? "";
  const first = line[place.column - 1] ?? "";
  const isQuoted = first === '"' || first === "'";
  // In a block of lines, or after an escape, letters do not stand where they are counted.
  const isPlain = !/^[|>]/.test(first) && !line.slice(place.column - 1, place.column + at).includes("\\");
  return { setting, message, line: place.line, column: place.column + (at > 0 && isPlain ? at + Number(isQuoted) : 0) };
}

export function policyProblem(file: string, findings: readonly ConfigFinding[], cause?: unknown): Problem {
  const problems = [...findings]
    .sort((one, other) => one.line - other.line || one.column - other.column)
    .map((finding) => ({ file, ...finding }));
  const [first] = problems;
  const place = first && first.line > 0 ? `${file}:${first.line}:${first.column}` : file;
  const what = [first?.setting, first?.message].filter((part) => part).join(": ");
  const rest = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
  return new Problem("policy_invalid", { file, problems }, { message: `The policy cannot be used: ${place}: ${what}${rest}`, cause });
}

export function fileProblem(file: string, message: string, cause?: unknown): Problem {
  return policyProblem(file, [{ setting: "", line: 0, column: 0, message }], cause);
}
