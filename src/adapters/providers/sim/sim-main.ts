import { parseArgs } from "node:util";
import { isMainThread, parentPort } from "node:worker_threads";
import { startSim } from "./sim-server.ts";

// The sim as a process of its own: node sim-main.ts [--port 0] [--options '{"ttftMs":200}'] [--stay]
// Prints {"url":"http://127.0.0.1:PORT"} when it listens. Ends on SIGTERM, SIGINT, and, unless told to stay, when its input ends,
// which it does when the parent that holds the other side of the pipe is gone. As a worker it ends with its parent anyway.

const { values } = parseArgs({
  options: { port: { type: "string" }, options: { type: "string", default: "{}" }, stay: { type: "boolean", default: false } },
});

const given: object = JSON.parse(values.options);
const sim = await startSim(values.port === undefined ? given : { ...given, port: Number(values.port) });
const ready = { url: sim.url };
process.stdout.write(`${JSON.stringify(ready)}\n`);
parentPort?.postMessage(ready);

function stop(): void {
  void sim.close().then(() => process.exit(0));
}

if (isMainThread) {
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (!values.stay) process.stdin.once("end", stop).once("error", stop).resume();
}
