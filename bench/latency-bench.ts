import { type BenchServer, startBallastServer, startBareProxy, startSimServer } from "./bench-server.ts";
import { type BenchSetting, CALLERS, WARM_UP_MS } from "./bench-setting.ts";
import { chatBody } from "./chat-bodies.ts";
import type { Outcome } from "./figure.ts";
import type { LoadReport } from "./load-job.ts";
import { settleDown } from "./settle-down.ts";

/** In the open loop nothing limits how many calls are under way, as in life; so many connections are never all in use here. */
const MOST_CONNECTIONS = 512;

/**
 * What the gateway adds to a call's time at half of the load that it can carry, with calls that arrive at a fixed rate whether or not
 * the ones before have ended.
 */
export async function latencyBench(setting: BenchSetting): Promise<Outcome> {
  const { rounds, seconds, caller, say } = setting;
  const sim = await startSimServer();
  const ballast = await startBallastServer(sim, setting.checkout);
  const bare = await startBareProxy(sim);
  const servers: BenchServer[] = [ballast, bare, sim];
  const bodies = [chatBody(1024, 100)];
  const seen = new Map<BenchServer, LoadReport[]>(servers.map((server) => [server, []]));
  const rates: number[] = [];
  try {
    await caller.run({ ...ballast.target, bodies, connections: CALLERS, durationMs: WARM_UP_MS });
    const most = await caller.run({ ...ballast.target, bodies, connections: CALLERS, durationMs: seconds * 1000 });
    const ratePerS = Math.floor(most.completed / most.seconds / 2);
    rates.push(ratePerS);
    for (const server of servers) {
      await settleDown(ballast);
      await caller.run({ ...server.target, bodies, connections: MOST_CONNECTIONS, ratePerS, durationMs: WARM_UP_MS });
    }
    for (let round = 1; round <= rounds; round++) {
      say(`latency: round ${round} of ${rounds}, ${ratePerS} calls/s`);
      for (const server of servers) {
        await settleDown(ballast);
        seen
          .get(server)!
          .push(await caller.run({ ...server.target, bodies, connections: MOST_CONNECTIONS, ratePerS, durationMs: seconds * 1000 }));
      }
    }
  } finally {
    for (const server of [ballast, bare, sim]) await server.close();
  }
  const added = (other: BenchServer, field: "latencyMsP50" | "latencyMsP99") =>
    seen.get(ballast)!.map((report, round) => report[field] - seen.get(other)![round]![field]);
  const figure = (name: string, unit: string, values: readonly number[]) => ({ benchmark: "latency", name, unit, values });
  return {
    figures: [
      figure("load: half of the most", "calls/s", rates),
      { ...figure("p50 added to the bare proxy", "ms", added(bare, "latencyMsP50")), goal: "≤ 1" },
      { ...figure("p99 added to the bare proxy", "ms", added(bare, "latencyMsP99")), goal: "≤ 5" },
      figure("p50 added to no proxy at all", "ms", added(sim, "latencyMsP50")),
      figure("p99 added to no proxy at all", "ms", added(sim, "latencyMsP99")),
      ...servers.flatMap((server) => [
        figure(
          `${server.name}: p50`,
          "ms",
          seen.get(server)!.map(({ latencyMsP50 }) => latencyMsP50),
        ),
        figure(
          `${server.name}: p99`,
          "ms",
          seen.get(server)!.map(({ latencyMsP99 }) => latencyMsP99),
        ),
      ]),
    ],
    notes: [],
  };
}
