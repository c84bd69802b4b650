import type { Controls } from "./controller/controls.ts";
import type { AlertRoute } from "./core/alerts/alert-routing.ts";
import type { RetrySettings } from "./core/alerts/delivery-retry.ts";
import type { BudgetCatalog } from "./data/store/budget-catalog.ts";
import type { LeaseDesk } from "./data/store/lease-desk.ts";
import { BEAT_MS, CHANGE_POLL_MS, type ProcessLife, RECALL_POLL_MS } from "./data/store/process-life.ts";
import { drainOutbox, TRACE_BATCH } from "./ingest/drain-outbox.ts";
import type { EventSettings } from "./notify/alert-event.ts";
import type { AlertLog, Channel } from "./notify/channel.ts";
import { deliverAlerts } from "./notify/deliver-alerts.ts";
import { ALERT_BATCH, takeAlerts } from "./notify/take-alerts.ts";
import { watchAlerts } from "./notify/watch-alerts.ts";
import type { LedgerStore, News } from "./ports/ledger-store.ts";
import type { Warehouse } from "./ports/warehouse.ts";
import type { PriceKnowledge } from "./reports/remembered-books.ts";

export interface JobParts {
  readonly store: LedgerStore;
  readonly warehouse: Warehouse | undefined;
  readonly desk: LeaseDesk;
  readonly life: ProcessLife;
  readonly budgets: BudgetCatalog;
  /** Absent in a process that only takes calls. */
  readonly controls?: Pick<Controls, "isDue" | "tick"> | undefined;
  /** A file for rows on their way into the warehouse. */
  readonly spool: string;
  /** What prices calls, to be kept for months that are priced again. */
  readonly knowledge: PriceKnowledge | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: AlertLog;
  readonly notify: NotifyParts;
}

export interface NotifyParts {
  readonly channels: readonly Channel[];
  readonly routes: readonly AlertRoute[];
  readonly retry: RetrySettings;
  readonly event: EventSettings;
  readonly keepDays: number;
}

interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Which processes on one ledger do it: each for itself, or one for all. */
  readonly by: "each" | "one";
  /** What keeps several processes together: done only where there may be several, and as often while it fails. */
  readonly steady?: boolean;
  /** News that it does not wait for its turn with. */
  readonly wakesOn?: News["kind"];
  /**
   * @param stopping tells a job that waits for somebody else to let go
   * @returns true when there is more to do at once
   */
  run(parts: JobParts, stopping: AbortSignal): Promise<boolean>;
}

/** Everything that happens by itself. */
export const JOBS: readonly Job[] = [
  {
    name: "heartbeat",
    everyMs: BEAT_MS,
    by: "each",
    steady: true,
    run: async ({ life }) => {
      await life.beat();
      return false;
    },
  },
  {
    name: "recalls without news",
    everyMs: RECALL_POLL_MS,
    by: "each",
    steady: true,
    run: async ({ life }) => {
      await life.answerRecalls();
      return false;
    },
  },
  {
    name: "changes without news",
    everyMs: CHANGE_POLL_MS,
    by: "each",
    steady: true,
    run: async ({ life }) => {
      await life.learnChanges();
      return false;
    },
  },
  {
    name: "traces into the warehouse",
    everyMs: 1000,
    by: "one",
    run: async ({ store, warehouse, spool }) => (warehouse ? (await drainOutbox(store, warehouse, spool)) === TRACE_BATCH : false),
  },
  {
    name: "what is known of prices into the warehouse",
    everyMs: 60_000,
    by: "one",
    run: async ({ warehouse, knowledge, log }) => {
      if (!warehouse || !knowledge) return false;
      const isNew = await warehouse.facts.rememberPrices(knowledge.parts, new Date(knowledge.sinceMs));
      if (isNew) log.info({ knownAt: new Date(knowledge.sinceMs).toISOString() }, "the prices that this server started with are kept");
      return false;
    },
  },
  {
    name: "facts into the warehouse",
    everyMs: 1000,
    by: "one",
    run: async ({ store, warehouse, spool }) =>
      warehouse ? (await drainOutbox(store, warehouse, `${spool}.facts`, "fact_usage")) === TRACE_BATCH : false,
  },
  {
    name: "ratings into the warehouse",
    everyMs: 1000,
    by: "one",
    run: async ({ store, warehouse, spool }) =>
      warehouse ? (await drainOutbox(store, warehouse, `${spool}.ratings`, "rating")) === TRACE_BATCH : false,
  },
  {
    name: "alerts out of the outbox",
    everyMs: 1000,
    by: "one",
    run: async ({ store, notify, now }) => {
      const names = notify.channels.map(({ name }) => name);
      return (await takeAlerts(store, notify.routes, now, names)) === ALERT_BATCH;
    },
  },
  {
    name: "alerts that are over",
    everyMs: 10_000,
    by: "one",
    run: async ({ store, notify, now }) => {
      await watchAlerts({ store, ...notify, now });
      return false;
    },
  },
  {
    name: "raises of budgets begin and end",
    by: "one",
    everyMs: 1000,
    run: async ({ store, budgets, now }) => {
      await budgets.renew(await store.turnRaises(now()));
      return false;
    },
  },
  {
    name: "levers are turned as caps are used up",
    by: "one",
    everyMs: 1000,
    run: async ({ controls }) => {
      if (controls?.isDue()) await controls.tick();
      return false;
    },
  },
  {
    name: "budgets written by SQL",
    by: "one",
    everyMs: 1000,
    wakesOn: "wished",
    run: async ({ store, budgets, now, log }) => {
      if (!store.shared) return false;
      const { refused, more } = await budgets.takeWishes(now());
      for (const why of refused) log.warn({ why }, "a budget that was written by SQL was refused");
      return more;
    },
  },
  {
    name: "idle leases of ended windows go back",
    everyMs: 10_000,
    by: "each",
    run: async ({ desk, now }) => {
      await desk.giveBackIdle("ended_windows", now());
      return false;
    },
  },
];

/** One for each channel, so that one that is down holds up no other. */
function deliveryJob(channel: Channel): Job {
  return {
    name: `alerts to ${channel.name}`,
    everyMs: 1000,
    by: "one",
    run: ({ store, notify, now, random, log }, stopping) => {
      const { retry, event } = notify;
      return deliverAlerts(channel, { alerts: store.alerts, retry, event, now, random, log }, stopping);
    },
  };
}

/** Starts the jobs, each waiting for its own end before its next turn. @returns stops them and waits for those under way */
export function startJobs(parts: JobParts): () => Promise<void> {
  const stopping = new AbortController();
  const ofOneProcess = (job: Job) => parts.store.shared || !job.steady;
  const loops = [...JOBS.filter(ofOneProcess), ...parts.notify.channels.map(deliveryJob)].map(async (job) => {
    let failures = 0;
    const bell = new Bell();
    if (job.wakesOn) parts.store.onNews(({ kind }) => kind === job.wakesOn && bell.ring());
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = job.by === "each" || parts.life.leads ? await job.run(parts, stopping.signal) : false;
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1 || failures % 20 === 0)
          parts.log.warn({ job: job.name, failures, error: (error as Error).message }, "a job failed; it goes on");
      }
      if (!more)
        await bell.pause(
          failures > 0 && !job.steady ? Math.min(30_000, job.everyMs * 2 ** Math.min(failures, 7)) : job.everyMs,
          stopping.signal,
        );
    }
  });
  return async () => {
    stopping.abort();
    await Promise.all(loops);
    for (const channel of parts.notify.channels) channel.close();
  };
}

/** Rung between two turns it ends the pause, and rung during a turn the pause after it. */
class Bell {
  #rung = false;
  #wake = () => {};

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
      signal.addEventListener("abort", done);
      if (signal.aborted || this.#rung) done();
    });
    this.#rung = false;
  }
}
