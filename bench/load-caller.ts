import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadJob, LoadReport } from "./load-job.ts";

/** The load generator's process, seen from the benchmark. One job at a time. */
export class LoadCaller {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL("load-generator.ts", import.meta.url)), { execArgv: [] });

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws Error when more than one call in a thousand was not answered with 200: its figures would compare something else */
  async run(job: LoadJob): Promise<LoadReport> {
    this.#child.send(job);
    const [report] = (await once(this.#child, "message")) as [LoadReport];
    if (report.failed * 1000 > report.completed) {
      throw new Error(`${report.failed} of ${report.completed + report.failed} calls to ${job.url} failed: ${report.firstFailure}`);
    }
    return report;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
