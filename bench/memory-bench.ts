import { type BallastServer, startBallastServer, startSimServer } from "./bench-server.ts";
import { type BenchSetting, CALLERS } from "./bench-setting.ts";
import { chatBody } from "./chat-bodies.ts";
import type { Outcome } from "./figure.ts";
import { childrenOf, residentMib } from "./process-usage.ts";
import { settleDown } from "./settle-down.ts";

const CANCEL_SHARE = 0.3;
const MIB = 1024 * 1024;

/** Memory of one server after a tenth of the calls and after all of them, with callers that leave early among them. Nothing is forced. */
export async function memoryBench({ calls, caller, checkout, say }: BenchSetting): Promise<Outcome> {
  const sim = await startSimServer({ keepRecords: 0 });
  const ballast = await startBallastServer(sim, checkout, ["--inspect=127.0.0.1:0"]);
  const bodies = [chatBody(1024, 100), chatBody(1024, 100, true)];
  const run = (part: number) => caller.run({ ...ballast.target, bodies, connections: CALLERS, calls: part, cancelShare: CANCEL_SHARE });
  const early = Math.round(calls / 10);
  try {
    say(`memory: ${early} calls`);
    const first = await run(early);
    await settleDown(ballast);
    const before = await memoryOf(ballast);
    say(`memory: ${calls} calls`);
    const second = await run(calls - early);
    await settleDown(ballast);
    const after = await memoryOf(ballast);
    const figure = (name: string, unit: string, value: number) => ({ benchmark: "memory", name, unit, values: [value] });
    const pair = (name: string, part: keyof typeof before, goal?: string) => [
      { ...figure(`${name}: after all / after a tenth`, "ratio", after[part] / before[part]), ...(goal ? { goal } : {}) },
      figure(`${name}: after a tenth`, "MiB", before[part]),
      figure(`${name}: after all`, "MiB", after[part]),
    ];
    return {
      figures: [
        figure("calls", "", calls),
        figure("of these left by their callers", "share", (first.cancelled + second.cancelled) / calls),
        ...pair("resident, server", "resident", "≤ 1.1"),
        ...pair("heap used, server's main thread", "heap", "≤ 1.1"),
        ...pair("resident, warehouse process", "children"),
      ],
      notes: [],
    };
  } finally {
    await ballast.close();
    await sim.close();
  }
}

async function memoryOf(server: BallastServer): Promise<{ resident: number; heap: number; children: number }> {
  const children = childrenOf(server.pid).reduce((sum, pid) => sum + residentMib(pid), 0);
  return { resident: residentMib(server.pid), heap: await heapUsedMib(server.inspector!), children };
}

/** Asks the inspector, which tells what is used without collecting garbage first. */
function heapUsedMib(inspector: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(inspector);
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
    socket.onmessage = ({ data }) => {
      socket.close();
      resolve((JSON.parse(String(data)) as { result: { usedSize: number } }).result.usedSize / MIB);
    };
    socket.onerror = () => reject(new Error(`the inspector ${inspector} does not answer`));
  });
}
