import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Problem } from "../../contract/problem.ts";
import { siblingModule } from "../../std/sibling-module.ts";
import type { ChdbReport, ChdbRequest } from "./chdb-messages.ts";

/** One run of the engine's process, from ready to its end. */
export interface ChdbRun {
  readonly pid: number;
  readonly migrations: readonly string[];
  send(request: ChdbRequest): void;
  /** Resolves when the process has ended, with how, and what it last wrote. */
  readonly ended: Promise<{ readonly how: string; readonly lastWords: string }>;
  /** Loses nothing that was acknowledged. */
  kill(): void;
}

/**
 * Starts the engine over a data folder.
 * @param onReport answers and refusals, from ready on
 * @throws Problem warehouse_missing, data_dir_in_use, data_corrupt, or warehouse_unavailable with what the process last wrote
 */
export async function startChdb(dir: string, onReport: (report: ChdbReport) => void): Promise<ChdbRun> {
  const child = fork(fileURLToPath(siblingModule(import.meta.url, "chdb-child")), [dir], {
    serialization: "advanced",
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  yieldToCalls(child);
  const lastWords = keepLastWords(child);
  const ended = new Promise<string>((resolve) => {
    // "close" comes after "exit", when stderr has been read to its end.
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => resolve(error.message));
  }).then((how) => ({ how, lastWords: lastWords() }));

  const first = await Promise.race([firstReport(child), ended]);
  if ("kind" in first && first.kind === "ready") {
    child.on("message", onReport);
    const send = (request: ChdbRequest) => void child.send(request, () => {}); // When it cannot be sent, the process has ended.
    return { pid: child.pid!, migrations: first.migrations, send, ended, kill: () => void child.kill("SIGKILL") };
  }
  throw startProblem(dir, "kind" in first ? first : undefined, await ended);
}

/** Where cores are few, a call must not wait for the carrying of traces. */
function yieldToCalls(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or this system has no priorities: then all is as it was.
  }
}

function firstReport(child: ChildProcess): Promise<ChdbReport> {
  return new Promise((resolve) => child.once("message", (report) => resolve(report as ChdbReport)));
}

function keepLastWords(child: ChildProcess): () => string {
  let text = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4000);
  });
  return () => text.trim();
}

function startProblem(dir: string, report: ChdbReport | undefined, end: { how: string; lastWords: string }): Problem {
  const { how, lastWords } = end;
  // The engine says why it cannot open a folder on stderr only.
  if (lastWords.includes("Cannot lock file")) return new Problem("data_dir_in_use", { dir });
  if (report?.kind !== "failed") return new Problem("warehouse_unavailable", { dir, reason: `the engine ended: ${how}`, lastWords });
  const details = { dir, reason: report.message, ...(lastWords === "" ? {} : { lastWords }) };
  return new Problem(report.code, details, report.code === "data_corrupt" ? { message: report.message } : undefined);
}
