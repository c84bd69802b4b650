import type { LeaseDesk } from "./data/store/lease-desk.ts";
import { drainOutbox, TRACE_BATCH } from "./ingest/drain-outbox.ts";
import { sendDueAlerts } from "./notify/send-due-alerts.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";
import type { Warehouse } from "./ports/warehouse.ts";

export interface JobParts {
  readonly store: LedgerStore;
  readonly warehouse: Warehouse | undefined;
  readonly desk: LeaseDesk;
  /** A file for rows on their way into the warehouse. */
  readonly spool: string;
  readonly now: () => number;
  readonly log: { warn(facts: object, words: string): void };
}

interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** @returns true when there is more to do at once */
  run(parts: JobParts): Promise<boolean>;
}

/** Everything that happens by itself. */
export const JOBS: readonly Job[] = [
  {
    name: "traces into the warehouse",
    everyMs: 1000,
    run: async ({ store, warehouse, spool }) => (warehouse ? (await drainOutbox(store, warehouse, spool)) === TRACE_BATCH : false),
  },
  {
    name: "due alerts",
    everyMs: 1000,
    run: async ({ store, log }) => (await sendDueAlerts(store, log)) === 100,
  },
  {
    name: "idle leases of ended windows go back",
    everyMs: 10_000,
    run: async ({ desk, now }) => {
      await desk.giveBackIdle("ended_windows", now());
      return false;
    },
  },
];

/** Starts the jobs, each waiting for its own end before its next turn. @returns stops them and waits for those under way */
export function startJobs(parts: JobParts): () => Promise<void> {
  const stopping = new AbortController();
  const loops = JOBS.map(async (job) => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = await job.run(parts);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1 || failures % 20 === 0)
          parts.log.warn({ job: job.name, failures, error: (error as Error).message }, "a job failed; it goes on");
      }
      if (!more) await pause(failures > 0 ? Math.min(30_000, job.everyMs * 2 ** Math.min(failures, 7)) : job.everyMs, stopping.signal);
    }
  });
  return async () => {
    stopping.abort();
    await Promise.all(loops);
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
