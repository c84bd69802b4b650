import type { Outcome, StoreEngine } from "../../src/data/store/store-engine.ts";
import type { LedgerStore, News } from "../../src/ports/ledger-store.ts";

/** The request was never carried out, or was and its answer went astray: whoever asked cannot tell. */
export class LostAnswer extends Error {
  override readonly name = "LostAnswer";
}

/** The process dies here. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** What is asked again, or counted again, when no answer comes. */
const LOSABLE: ReadonlySet<string> = new Set(["lease", "leases", "end", "giveBack", "beat", "rejoin", "recalls"]);
/** What the store's port adds the time to. */
const WITH_TIME: ReadonlySet<string> = new Set(["giveBack", "putKey", "beat", "rejoin"]);

export interface StoreFaults {
  readonly mayCrash: (where: string) => void;
  /** How many turns of the event loop the next request takes on its way; other calls go on meanwhile. */
  readonly turns: () => number;
  /** Whether the connection breaks before the store has the next request, or between its commit and its answer. */
  readonly loses: () => "request" | "answer" | undefined;
  /** Waited for before a request reaches the store: when it never comes the connection is cut. */
  readonly reachesStore?: () => Promise<void>;
  readonly now?: () => number;
  /** Told when a process asks, and after each commit, before anybody hears of it. */
  readonly asks?: () => void;
  readonly carriedOut?: (operation: string, parameters: readonly unknown[], outcome: Outcome) => void;
  readonly onNews?: (listener: (news: News) => void) => void;
}

/**
 * The real store engine, in this thread, behind the store's port: requests are carried out in the order in which they were made, some
 * turns later. Before each request reaches it, and after its commit but before anybody hears of it, the process may die.
 */
export function crashingStore(engine: StoreEngine, faults: StoreFaults): LedgerStore {
  const { mayCrash, turns, loses, reachesStore, now = () => 0, asks, carriedOut } = faults;
  const known: Record<string, unknown> = {
    epoch: engine.epoch,
    shared: engine.shared,
    version: engine.version,
    recovery: engine.recovery,
    hearsNews: false,
    onNews: faults.onNews ?? (() => {}),
  };
  let last: Promise<unknown> = Promise.resolve();
  return new Proxy(known, {
    get(target, name: string) {
      if (name in target) return target[name];
      if (name === "then") return undefined;
      return (...parameters: unknown[]) => {
        asks?.();
        const carryOut = async () => {
          for (let turn = turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
          await reachesStore?.();
          mayCrash(`before ${name}`);
          const lost = LOSABLE.has(name) ? loses() : undefined;
          if (lost === "request") throw new LostAnswer(name);
          const request = { operation: name, parameters: WITH_TIME.has(name) ? [...parameters, now()] : parameters };
          const outcome = engine.run([request])[0]!;
          carriedOut?.(name, parameters, outcome);
          mayCrash(`after ${name}`);
          if (lost === "answer") throw new LostAnswer(name);
          if (!outcome.ok) throw outcome.error;
          if (name === "rejoin") known.epoch = (outcome.value as { epoch: number }).epoch;
          return outcome.value;
        };
        const done = last.then(carryOut);
        last = done.catch(() => {});
        return done;
      };
    },
  }) as unknown as LedgerStore;
}
