/**
 * The load generator, a process of its own: takes a LoadJob by message, answers with a LoadReport. One process serves every target of
 * a benchmark, so that all of them meet the same, equally warm, caller.
 */
import { type Dispatcher, Pool } from "undici";
import type { LoadJob, LoadReport } from "./load-job.ts";

/** A cancelled call is left after its first piece, or after this time when none has come. */
const PATIENCE_MS = 2;
/** How long the open loop sleeps between looks at the clock: a shorter sleep would take the cores from what is measured. */
const SLEEP_MS = 0.1;

const pools = new Map<string, Pool>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));

process.on("message", (job: LoadJob) => {
  void run(job).then((report) => process.send!(report));
});
process.on("disconnect", () => process.exit(0));

type CallEnd = "completed" | "cancelled" | { readonly failure: string };

async function run(job: LoadJob): Promise<LoadReport> {
  const latencies: number[] = [];
  let completed = 0;
  let cancelled = 0;
  let failed = 0;
  let firstFailure: string | undefined;
  let sent = 0;
  const startedAt = performance.now();
  const endsAt = job.durationMs === undefined ? Infinity : startedAt + job.durationMs;
  const mostCalls = job.calls ?? Infinity;
  const call = async (dueAt: number) => {
    const end = await send(job, sent++);
    const now = performance.now();
    if (end === "cancelled") cancelled++;
    else if (end !== "completed") {
      failed++;
      firstFailure ??= end.failure;
    } else if (now <= endsAt || job.ratePerS !== undefined) {
      completed++;
      latencies.push(now - dueAt);
    }
  };
  if (job.ratePerS === undefined) {
    const caller = async () => {
      while (sent < mostCalls) {
        const now = performance.now();
        if (now >= endsAt) return;
        await call(now);
      }
    };
    await Promise.all(Array.from({ length: job.connections }, caller));
  } else
    await openLoop(call, startedAt, Math.min(mostCalls, Math.floor(((job.durationMs ?? Infinity) * job.ratePerS) / 1000)), job.ratePerS);
  const seconds = (Math.min(performance.now(), endsAt) - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { completed, cancelled, failed, firstFailure, seconds, latencyMsP50: at(0.5), latencyMsP99: at(0.99) };
}

/** Starts each call when it is due; a call that starts late because this process was busy counts from when it was due. */
async function openLoop(call: (dueAt: number) => Promise<void>, startedAt: number, calls: number, ratePerS: number): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let next = 0; next < calls; ) {
    const now = performance.now();
    for (let dueAt = startedAt + (next * 1000) / ratePerS; next < calls && dueAt <= now; dueAt = startedAt + (++next * 1000) / ratePerS) {
      const one = call(dueAt).finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(sleeper, 0, 0, SLEEP_MS);
  }
  await Promise.all(underWay);
}

function send(job: LoadJob, number: number): Promise<CallEnd> {
  const leaves = isCancelled(number, job.cancelShare ?? 0);
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let said = "";
    let patience: NodeJS.Timeout | undefined;
    const leave = () => controller?.abort(new Error("the caller leaves"));
    const end = (how: CallEnd) => {
      clearTimeout(patience);
      resolve(how);
    };
    poolFor(job).dispatch(
      { path: job.path, method: "POST", headers: job.headers, body: job.bodies[number % job.bodies.length]! },
      {
        onRequestStart(started) {
          controller = started;
          if (leaves) patience = setTimeout(leave, PATIENCE_MS);
        },
        onResponseStart(_controller, received) {
          status = received;
        },
        onResponseData(_controller, piece) {
          if (leaves) leave();
          else if (status !== 200 && said.length < 500) said += piece.toString("utf8");
        },
        onResponseEnd() {
          end(status === 200 ? "completed" : { failure: `${status} ${said}` });
        },
        onResponseError(_controller, error) {
          end(leaves ? "cancelled" : { failure: error.message });
        },
      },
    );
  });
}

/** Spreads the cancelled calls evenly over all bodies. */
function isCancelled(number: number, share: number): boolean {
  return (number * 0.618033988749895) % 1 < share;
}

function poolFor(job: LoadJob): Pool {
  const key = `${job.url} ${job.connections}`;
  let pool = pools.get(key);
  if (!pool) {
    pool = new Pool(job.url, { connections: job.connections, pipelining: 1 });
    pools.set(key, pool);
  }
  return pool;
}
