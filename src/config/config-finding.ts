import { Problem } from "../contract/problem.ts";

/** One thing that is wrong with the configuration. Lines and columns count from 1; 0 where no place in a file is meant. */
export interface ConfigFinding {
  /** Such as "budgets[2].limit_usd"; empty for the file as a whole. */
  readonly setting: string;
  readonly line: number;
  readonly column: number;
  /** What was expected and what was found. Never repeats a secret or a value from the environment. */
  readonly message: string;
}

/** What is wrong between settings that are each right by themselves. */
export interface Conflict {
  readonly setting: string;
  readonly message: string;
}

/**
 * All findings as one Problem: `problems` in its details has them in the order of the file, each with the file's name.
 * @param file as the user named it; undefined when no file is read
 */
export function configProblem(file: string | undefined, findings: readonly ConfigFinding[], cause?: unknown): Problem {
  const name = file ?? "(no file)";
  const problems = [...findings].sort((a, b) => a.line - b.line || a.column - b.column).map((finding) => ({ file: name, ...finding }));
  const [first] = problems;
  const rest = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
  const where = first && first.line > 0 ? `${name}:${first.line}:${first.column}` : name;
  const what = first ? [first.setting, first.message].filter((part) => part !== "").join(": ") : "";
  return new Problem(
    "config_invalid",
    { file: name, problems },
    { message: `The configuration cannot be used: ${where}: ${what}${rest}`, cause },
  );
}
