import { type BallastServer, type BenchServer, startBallastServer, startBareProxy, startSimServer } from "./bench-server.ts";
import { type BenchSetting, WARM_UP_MS } from "./bench-setting.ts";
import { chatBody } from "./chat-bodies.ts";
import type { Figure, Outcome } from "./figure.ts";
import { settleDown } from "./settle-down.ts";

const STREAM = { streamChunks: 200, outputTokens: 200 };
const CASES = [
  { name: "100 KB bodies", sim: {}, body: chatBody(100_000, 100) },
  { name: "1 MB bodies", sim: {}, body: chatBody(1_000_000, 100) },
  { name: "streams of 200 events, many in a packet", sim: STREAM, body: chatBody(1024, 300, true) },
  { name: "streams of 200 events, one in a packet", sim: { ...STREAM, chunksPerWrite: 1 }, body: chatBody(1024, 300, true) },
];
const CALLERS = 32;

/** Large requests and long streams: requests per second against the bare proxy. */
export async function bodiesBench(setting: BenchSetting): Promise<Outcome> {
  const figures: Figure[] = [];
  for (const each of CASES) {
    const sim = await startSimServer(each.sim);
    const ballast = await startBallastServer(sim, setting.checkout);
    const bare = await startBareProxy(sim);
    try {
      const [ours, reference] = await rounds(setting, each, ballast, bare);
      const ratio = ours.map((perSecond, round) => perSecond / reference[round]!);
      figures.push({ benchmark: "bodies", name: `${each.name}: ballast / bare proxy`, unit: "ratio of requests/s", values: ratio });
      figures.push({ benchmark: "bodies", name: `${each.name}: ballast`, unit: "requests/s", values: ours });
    } finally {
      for (const server of [ballast, bare, sim]) await server.close();
    }
  }
  return { figures, notes: [] };
}

async function rounds(
  setting: BenchSetting,
  { name, body }: (typeof CASES)[number],
  ballast: BallastServer,
  bare: BenchServer,
): Promise<[number[], number[]]> {
  const perSecond = async (server: BenchServer, durationMs: number) => {
    const report = await setting.caller.run({ ...server.target, bodies: [body], connections: CALLERS, durationMs });
    await settleDown(ballast);
    return report.completed / report.seconds;
  };
  for (const server of [ballast, bare]) await perSecond(server, WARM_UP_MS);
  const ours: number[] = [];
  const reference: number[] = [];
  for (let round = 1; round <= setting.rounds; round++) {
    setting.say(`bodies, ${name}: round ${round} of ${setting.rounds}`);
    ours.push(await perSecond(ballast, setting.seconds * 1000));
    reference.push(await perSecond(bare, setting.seconds * 1000));
  }
  return [ours, reference];
}
