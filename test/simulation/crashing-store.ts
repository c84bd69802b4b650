import type { StoreEngine } from "../../src/data/store/store-engine.ts";
import type { LedgerStore } from "../../src/ports/ledger-store.ts";

/** The request was carried out, and its answer went astray. */
export class LostAnswer extends Error {
  override readonly name = "LostAnswer";
}

/** The process dies here. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** What is asked again, or counted again, when no answer comes. */
const LOSABLE: ReadonlySet<string> = new Set(["lease", "end", "giveBack"]);

/**
 * The real store engine, in this thread, behind the store's port: requests are carried out in the order in which they were made, some
 * turns later. Before each request reaches it, and after its commit but before anybody hears of it, the process may die.
 * @param losesAnswer whether the connection breaks between a commit and its answer
 * @param turns how many turns of the event loop the next request takes on its way; other calls go on meanwhile
 */
export function crashingStore(
  engine: StoreEngine,
  mayCrash: (where: string) => void,
  turns: () => number,
  losesAnswer: () => boolean,
): LedgerStore {
  const known: Record<string, unknown> = {
    epoch: engine.epoch,
    shared: engine.shared,
    version: engine.version,
    recovery: engine.recovery,
    onNews: () => {},
  };
  const withTime = new Set(["giveBack", "putKey"]);
  let last: Promise<unknown> = Promise.resolve();
  return new Proxy(known, {
    get(target, name: string) {
      if (name in target) return target[name];
      if (name === "then") return undefined;
      return (...parameters: unknown[]) => {
        const carryOut = async () => {
          for (let turn = turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
          mayCrash(`before ${name}`);
          const [outcome] = engine.run([{ operation: name, parameters: withTime.has(name) ? [...parameters, 0] : parameters }]);
          mayCrash(`after ${name}`);
          if (LOSABLE.has(name) && losesAnswer()) throw new LostAnswer(name);
          if (outcome?.ok) return outcome.value;
          throw outcome?.error;
        };
        const done = last.then(carryOut);
        last = done.catch(() => {});
        return done;
      };
    },
  }) as unknown as LedgerStore;
}
