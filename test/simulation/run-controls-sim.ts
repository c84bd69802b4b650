import { parseArgs } from "node:util";
import { type BreakReport, breakGuardrail } from "./break-guardrail.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, breaks: { type: "string" }, help: { type: "boolean", short: "h" } },
});
if (values.help) {
  console.log(
    "npm run controls-sim -- [--breaks 500] [--seed N]\n" +
      "Each seed is a history of calls over the real engine, in which a guardrail breaks at a random moment. It goes on until so many breaks were\n" +
      "seen and answered. With --seed alone one history is run again exactly.",
  );
  process.exit(0);
}
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const wanted = Number(values.breaks ?? (values.seed === undefined ? 500 : 1));
const only = values.seed !== undefined && values.breaks === undefined;
console.log(`seed ${first}, until ${wanted} broken guardrails were answered`);
const startedAt = Date.now();
const answered: (BreakReport & { answered: { ms: number; calls: number } })[] = [];
const sum = { histories: 0, calls: 0, ticks: 0 };
try {
  for (let number = 0; only ? number < 1 : answered.length < wanted; number++) {
    const report = breakGuardrail((first + number) >>> 0);
    sum.histories += 1;
    sum.calls += report.calls;
    sum.ticks += report.ticks;
    if (report.answered) answered.push({ ...report, answered: report.answered });
    if ((number + 1) % 100 === 0)
      console.log(`${number + 1} histories, ${answered.length} breaks, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  const worst = (of: "ms" | "calls") => Math.max(0, ...answered.map((one) => one.answered[of]));
  const by = Object.entries(
    Object.groupBy(answered, ({ planned }) => `${planned.guardrail} by ${planned.cause === "lever" ? "a lever" : "something else"}`),
  );
  for (const [what, reports] of by) console.log(`  ${what}: ${reports!.length}`);
  console.log(
    `all held: ${answered.length} broken guardrails answered in ${sum.histories} histories of ${sum.calls} calls and ${sum.ticks} ticks; ` +
      `at worst ${worst("ms") / 1000} s and ${worst("calls")} calls after it was measurable; no flapping, every change in the audit, the dry run the same`,
  );
} catch (error) {
  console.error(error);
  console.error(`run it again with: npm run controls-sim -- --seed ${/seed (\d+)/.exec((error as Error).message)?.[1] ?? first}`);
  process.exitCode = 1;
}
