import { describe, expect, it } from "vitest";
import { runChaos } from "../chaos/chaos-run.ts";
import { postgresIsHere } from "../servers/postgres-server.ts";

/*
 * Several gateways on one PostgreSQL, while they are killed, paused, cut off, and the database restarts. BALLAST_CHAOS_SECONDS=60 and
 * BALLAST_CHAOS_GATEWAYS=6 for longer (CI does); `npm run chaos` for the whole of it: 16 gateways, 5 minutes.
 */
const SECONDS = Number(process.env.BALLAST_CHAOS_SECONDS ?? 10);
const GATEWAYS = Number(process.env.BALLAST_CHAOS_GATEWAYS ?? 3);
const SEED = Number(process.env.BALLAST_SEED ?? 1);

describe.runIf(postgresIsHere())("several gateways on one PostgreSQL", () => {
  it(`never spend over a budget, refuse rightly and use all of it, whatever breaks (seed ${SEED})`, { timeout: 600_000 }, async () => {
    const log: string[] = [];
    const options = { seed: SEED, gateways: GATEWAYS, seconds: SECONDS, faultEveryMs: 3000, callers: 8 * GATEWAYS };
    const report = await runChaos({ ...options, log: (line) => log.push(line) });
    const { findings, mostOverNano, leastUsed, faults } = report;
    expect({ findings, mostOverNano }, log.join("\n")).toEqual({ findings: [], mostOverNano: 0n });
    expect(leastUsed, log.join("\n")).toBeGreaterThanOrEqual(0.999);
    expect(report.answered).toBeGreaterThan(50);
    expect(report.refused).toBeGreaterThan(0);
    const told = faults.map(({ kind, inDoubtAfterMs }) => `${kind} ${inDoubtAfterMs ?? "-"}`).join(", ");
    console.log(`${report.answered} answered, ${report.left} left, ${report.refused} refused; in doubt after ms: ${told}`);
  });
});
