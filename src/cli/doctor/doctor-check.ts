import { printable } from "../print-table.ts";

/** One line of `ballast doctor`. */
export interface DoctorCheck {
  readonly status: "ok" | "warn" | "fail";
  /** What was looked at: "node", "provider openai". */
  readonly name: string;
  readonly detail: string;
  /** What to do; only where something is to be done. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): DoctorCheck {
  return { status: "ok", name, detail };
}

/** Works, but not all of it. */
export function warn(name: string, detail: string, remedy: string): DoctorCheck {
  return { status: "warn", name, detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): DoctorCheck {
  return { status: "fail", name, detail, remedy };
}

export function doctorText(checks: readonly DoctorCheck[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ status, name, detail, remedy }) => [
    `${status.padEnd(4)}  ${name.padEnd(width)}  ${detail}`,
    ...(remedy === undefined ? [] : [`${" ".repeat(width + 8)}-> ${remedy}`]),
  ]);
  const count = (status: DoctorCheck["status"]) => checks.filter((check) => check.status === status).length;
  return [...lines.map(printable), "", `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed.`].join("\n");
}
