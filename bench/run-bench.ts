import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answerCacheBench } from "./answer-cache-bench.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { bodiesBench } from "./bodies-bench.ts";
import { budgetsBench } from "./budgets-bench.ts";
import { controllerBench } from "./controller-bench.ts";
import { controlsBench } from "./controls-bench.ts";
import { figureTable, type Outcome, summaryOf } from "./figure.ts";
import { gatewayBench } from "./gateway-bench.ts";
import { latencyBench } from "./latency-bench.ts";
import { ledgerBench } from "./ledger-bench.ts";
import { LoadCaller } from "./load-caller.ts";
import { memoryBench } from "./memory-bench.ts";
import { postgresBench } from "./postgres-bench.ts";
import { repriceBench } from "./reprice-bench.ts";
import { routingBench } from "./routing-bench.ts";

/*
 * node bench/run-bench.ts [--rounds 5] [--seconds 4] [--only gateway] [--calls 180000] [--checkout folder] [--against folder]
 * [--data folder] [--json]
 * What each figure means: docs/reference/benchmarks.md.
 */
const BENCHMARKS: Readonly<Record<string, (setting: BenchSetting) => Promise<Outcome>>> = {
  gateway: gatewayBench,
  latency: latencyBench,
  bodies: bodiesBench,
  memory: memoryBench,
  ledger: ledgerBench,
  budgets: budgetsBench,
  postgres: postgresBench,
  controller: controllerBench,
  reprice: repriceBench,
  routing: routingBench,
  "answer-cache": answerCacheBench,
  controls: controlsBench,
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    calls: { type: "string", default: "200000" },
    only: { type: "string", multiple: true, default: [] },
    checkout: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
    against: { type: "string" },
    data: { type: "string", default: fileURLToPath(new URL("../../shared/data", import.meta.url)) },
    json: { type: "boolean", default: false },
  },
});

const unknown = values.only.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there are ${Object.keys(BENCHMARKS).join(", ")}.`);
  process.exit(2);
}

const caller = new LoadCaller();
const setting: BenchSetting = {
  rounds: positive("rounds", values.rounds),
  seconds: positive("seconds", values.seconds),
  calls: positive("calls", values.calls),
  checkout: values.checkout,
  against: values.against,
  data: values.data,
  caller,
  say: (words) => console.error(words),
};
const outcomes: Outcome[] = [];
for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
  if (values.only.length === 0 || values.only.includes(name)) outcomes.push(await benchmark(setting));
}
await caller.close();

const figures = outcomes.flatMap((outcome) => outcome.figures);
const notes = outcomes.flatMap((outcome) => outcome.notes);
const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version, at: new Date().toISOString() };
if (values.json)
  console.log(JSON.stringify({ machine, rounds: setting.rounds, seconds: setting.seconds, figures: figures.map(summaryOf), notes }));
else {
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.at}`);
  console.log(figureTable(figures));
  for (const note of notes) console.log(note);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  console.error(`--${name} must be a number above 0, not ${text}.`);
  process.exit(2);
}
