import { parseArgs } from "node:util";
import { explore } from "./explore.ts";
import { guardTable } from "./guard-table.ts";
import { BOUNDS, type BoundsName } from "./model-bounds.ts";
import { GUARDS, type Guard } from "./protocol-guards.ts";

const { values } = parseArgs({
  options: {
    bounds: { type: "string", default: "two calls, one fault" },
    without: { type: "string" },
    table: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
const bounds = BOUNDS[values.bounds as BoundsName];
const without = values.without as Guard | undefined;
if (values.help || !bounds || (without !== undefined && !(without in GUARDS))) {
  console.log(
    [
      'npm run model -- [--bounds "two calls, one fault"] [--without "journal before send"] | --table',
      `bounds: ${Object.keys(BOUNDS).join(" | ")}`,
      `guards: ${Object.keys(GUARDS).join(" | ")}`,
      "--table prints the table of guards as it stands in docs/concepts/lease-protocol.md",
    ].join("\n"),
  );
  process.exit(values.help ? 0 : 2);
}
if (values.table) console.log(guardTable());
else {
  const { states, steps, depth, seconds, complete, counterexample } = explore(bounds, { without });
  console.log(`${states} states, ${steps} steps, depth ${depth}, ${seconds} s${complete ? "" : ", not all"}`);
  if (counterexample) {
    console.log(`"${counterexample.law}" breaks:\n  ${counterexample.trace.join("\n  ")}`);
    process.exitCode = 1;
  } else console.log("all laws hold");
}
