import { Problem } from "../contract/problem.ts";
import { PROBLEMS } from "../contract/problem-list.ts";
import { ServerRefusal } from "./server-refusal.ts";
import { UsageError } from "./usage-error.ts";

/** How a command ended badly: for people as lines, for machines as one object, and as an exit code. */
export interface FailureReport {
  readonly exitCode: 1 | 2;
  readonly lines: readonly string[];
  /** The members of a problem answer, whatever it was that failed. */
  readonly json: Readonly<Record<string, unknown>>;
}

export function failureReport(error: unknown): FailureReport {
  if (error instanceof UsageError) {
    const { message, hint } = error;
    return { exitCode: 2, lines: [`ballast: ${message}`, hint], json: { code: "usage", detail: message, remedy: hint } };
  }
  if (error instanceof ServerRefusal) {
    const { message, code, remedy, body } = error;
    const problems = settingProblems(body).map((problem) => `  ${settingLine(problem)}`);
    return { exitCode: 1, lines: [`ballast: ${message}`, ...problems, ...(remedy ? [remedy] : []), `Code: ${code}`], json: body };
  }
  if (error instanceof Problem) {
    const { message, code, remedy, details } = error;
    const settings = settingProblems(details).map((problem) => `  ${settingLine(problem)}`);
    // Its message holds the same list on long lines.
    const said = settings.length > 0 ? [`ballast: ${PROBLEMS[code].title}`, ...settings] : [`ballast: ${message}`];
    const lines = [...said, remedy, `Code: ${code}`];
    return { exitCode: 1, lines, json: { ...details, code, detail: message, remedy } };
  }
  // Ours to mend, so whoever reports it needs the place.
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { exitCode: 1, lines: [`ballast: ${stack ?? message}`], json: { code: "internal", detail: message, remedy: "Please report it." } };
}

export interface SettingProblem {
  readonly file: string;
  /** From 1; nothing or 0 where the problem is the file as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  readonly setting: string;
  readonly message: string;
}

/** What is wrong with the configuration, one by one; none when the problem is about something else. */
export function settingProblems(details: Readonly<Record<string, unknown>>): readonly SettingProblem[] {
  return Array.isArray(details.problems) ? (details.problems as SettingProblem[]) : [];
}

/** "ballast.yaml:3:5 listen.port: It must be integer." */
export function settingLine({ file, line, column, setting, message }: SettingProblem): string {
  const place = line ? `${file}:${line}:${column}` : file;
  return setting === "" ? `${place} ${message}` : `${place} ${setting}: ${message}`;
}
