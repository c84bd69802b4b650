import { parseArgs } from "node:util";
import { itHeld, runChaos } from "./chaos-run.ts";

/*
 * npm run chaos -- --gateways 16 --seconds 300 --seed 1
 * Needs PostgreSQL's programs on the machine. Ends with 1 when anything was over, refused wrongly, lost or unexplained.
 */
const { values } = parseArgs({
  options: {
    gateways: { type: "string", default: "16" },
    seconds: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    callers: { type: "string", default: "48" },
    "fault-every": { type: "string", default: "10" },
    runs: { type: "string", default: "1" },
  },
});
let failed = false;
for (let run = 0; run < Number(values.runs); run++) {
  const seed = Number(values.seed) + run;
  console.log(`seed ${seed}: ${values.gateways} gateways, ${values.seconds} s, a fault every ${values["fault-every"]} s`);
  const report = await runChaos({
    seed,
    gateways: Number(values.gateways),
    seconds: Number(values.seconds),
    faultEveryMs: Number(values["fault-every"]) * 1000,
    callers: Number(values.callers),
    log: (line) => console.log(`  ${line}`),
  });
  console.log(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? String(value) : value), 2));
  if (!itHeld(report)) failed = true;
}
console.log(failed ? "NOT all of it held" : "all of it held");
process.exitCode = failed ? 1 : 0;
