import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type HistoryReport, simulateHistory } from "./simulate-history.ts";
import { simulateProcesses } from "./simulate-processes.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    histories: { type: "string", default: "1000" },
    steps: { type: "string", default: "40" },
    processes: { type: "string", default: "both" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  console.log(
    "npm run sim -- [--seed N] [--histories 1000] [--steps 40] [--processes one|several|both]\n" +
      "Each seed is a history; of both kinds, those with an odd seed are of several processes on one ledger. With --seed alone one history is run again exactly.",
  );
  process.exit(0);
}
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const histories = values.seed !== undefined && !process.argv.includes("--histories") ? 1 : Number(values.histories);
// Crashes of a process, not of a machine, are simulated, so memory serves as disk where there is such a thing.
const root = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ballast-sim-"));
console.log(`seed ${first}, ${histories} histories of ${values.steps} steps`);
const startedAt = Date.now();
const sum = { crashes: 0, calls: 0, refused: 0 };
try {
  for (let number = 0; number < histories; number++) {
    const seed = (first + number) >>> 0;
    const several = values.processes === "several" || (values.processes === "both" && seed % 2 === 1);
    const report: HistoryReport = await (several ? simulateProcesses : simulateHistory)(seed, Number(values.steps), root);
    sum.crashes += report.crashes;
    sum.calls += report.calls;
    sum.refused += report.refused;
    if ((number + 1) % 1000 === 0)
      console.log(`${number + 1} histories, ${sum.crashes} crashes, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  console.log(`all invariants held: ${histories} histories, ${sum.calls} calls, ${sum.refused} refusals, ${sum.crashes} crashes`);
} catch (error) {
  console.error(error);
  console.error(
    `run it again with: npm run sim -- --seed ${/seed (\d+)/.exec((error as Error).message)?.[1] ?? first} --steps ${values.steps} --processes ${values.processes}`,
  );
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
