import { type BallastServer, type BenchServer, startBallastServer, startBareProxy, startPortkey, startSimServer } from "./bench-server.ts";
import { type BenchSetting, CALLERS, WARM_UP_MS } from "./bench-setting.ts";
import { chatBody } from "./chat-bodies.ts";
import type { Figure, Outcome } from "./figure.ts";
import { installPortkey } from "./install-portkey.ts";
import { childrenOf, cpuMs, mainThreadCpuMs } from "./process-usage.ts";
import { settleDown } from "./settle-down.ts";

/** What one server did in one stretch. CPU in microseconds per call. */
interface Stretch {
  readonly perSecond: number;
  readonly ownCpu: number;
  readonly mainThreadCpu: number;
  readonly childrenCpu: number;
  readonly simCpu: number;
  readonly callerCpu: number;
  /** Share of the stretch's traces that were not in the warehouse at its end. */
  readonly waitingShare: number;
}

/** Requests per second of the whole gateway against a proxy that does nothing, and against another gateway. */
export async function gatewayBench(setting: BenchSetting): Promise<Outcome> {
  const { rounds, say } = setting;
  const sim = await startSimServer();
  const ballast = await startBallastServer(sim, setting.checkout);
  const bare = await startBareProxy(sim);
  const servers: BenchServer[] = [ballast, bare];
  const rival = setting.against === undefined ? undefined : await startBallastServer(sim, setting.against);
  if (rival) servers.push(rival);
  const notes: string[] = [];
  const installed = installPortkey();
  const portkey = "main" in installed ? await startPortkey(sim, installed.main) : undefined;
  if ("missing" in installed) notes.push(`gateway: not compared with portkey. ${installed.missing}`);
  if (portkey) servers.push(portkey);
  const seen = new Map<BenchServer, Stretch[]>(servers.map((server) => [server, []]));
  try {
    for (const server of servers) await stretch(setting, server, sim, WARM_UP_MS);
    for (let round = 1; round <= rounds; round++) {
      say(`gateway: round ${round} of ${rounds}`);
      for (const server of servers) seen.get(server)!.push(await stretch(setting, server, sim, setting.seconds * 1000));
    }
  } finally {
    for (const server of [...servers, sim]) await server.close();
  }
  const figure = (name: string, unit: string, values: readonly number[], goal?: string): Figure => ({
    benchmark: "gateway",
    name,
    unit,
    values,
    ...(goal ? { goal } : {}),
  });
  const ours = seen.get(ballast)!;
  const ratio = (other: BenchServer) => ours.map(({ perSecond }, round) => perSecond / seen.get(other)![round]!.perSecond);
  const figures = [figure("ballast / bare proxy", "ratio of requests/s", ratio(bare), "≥ 0.6")];
  if (portkey) figures.push(figure("ballast / portkey 1.15.2", "ratio of requests/s", ratio(portkey), "≥ 4"));
  if (rival) figures.push(figure(`ballast / ballast of ${setting.against}`, "ratio of requests/s", ratio(rival)));
  for (const [server, stretches] of seen) {
    const name = server === rival ? "the other ballast" : server.name;
    const all = (field: keyof Stretch) => stretches.map((each) => each[field]);
    figures.push(figure(name, "requests/s", all("perSecond")));
    figures.push(figure(`${name}: main thread`, "µs CPU/call", all("mainThreadCpu")));
    figures.push(figure(`${name}: whole process`, "µs CPU/call", all("ownCpu")));
    if ("outboxWaiting" in server) {
      figures.push(figure(`${name}: warehouse process`, "µs CPU/call", all("childrenCpu")));
      figures.push(figure(`${name}: traces not in the warehouse at the end`, "share", all("waitingShare")));
    }
  }
  const both = (field: "simCpu" | "callerCpu") => seen.get(bare)!.map((each) => each[field]);
  figures.push(figure("provider, behind the bare proxy", "µs CPU/call", both("simCpu")));
  figures.push(figure("load generator, before the bare proxy", "µs CPU/call", both("callerCpu")));
  return { figures, notes };
}

async function stretch({ caller }: BenchSetting, server: BenchServer, sim: BenchServer, durationMs: number): Promise<Stretch> {
  const children = childrenOf(server.pid);
  const usage = () => ({
    own: cpuMs(server.pid),
    main: mainThreadCpuMs(server.pid),
    children: children.reduce((sum, pid) => sum + cpuMs(pid), 0),
    sim: cpuMs(sim.pid),
    caller: cpuMs(caller.pid),
  });
  const before = usage();
  const report = await caller.run({ ...server.target, bodies: [chatBody(1024, 100)], connections: CALLERS, durationMs });
  const after = usage();
  const perCall = (part: keyof typeof before) => ((after[part] - before[part]) * 1000) / report.completed;
  let waiting = 0;
  if ("outboxWaiting" in server) {
    waiting = await (server as BallastServer).outboxWaiting();
    await settleDown(server as BallastServer);
  }
  return {
    perSecond: report.completed / report.seconds,
    ownCpu: perCall("own"),
    mainThreadCpu: perCall("main"),
    childrenCpu: perCall("children"),
    simCpu: perCall("sim"),
    callerCpu: perCall("caller"),
    waitingShare: waiting / report.completed,
  };
}
