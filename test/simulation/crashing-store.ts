import type { StoreEngine } from "../../src/data/store/store-engine.ts";
import type { LedgerStore } from "../../src/ports/ledger-store.ts";

/** The process dies here. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/**
 * The real store engine, in this thread, behind the store's port. Before each request reaches it, and after its commit but before
 * anybody hears of it, the process may die.
 */
export function crashingStore(engine: StoreEngine, mayCrash: (where: string) => void): LedgerStore {
  const known: Record<string, unknown> = { epoch: engine.epoch, recovery: engine.recovery };
  const withTime = new Set(["giveBack", "putKey"]);
  return new Proxy(known, {
    get(target, name: string) {
      if (name in target) return target[name];
      if (name === "then") return undefined;
      return async (...parameters: unknown[]) => {
        // The way to the writer thread takes a while, in which other calls go on.
        for (let turn = 0; turn < 3; turn++) await Promise.resolve();
        mayCrash(`before ${name}`);
        const [outcome] = engine.run([{ operation: name, parameters: withTime.has(name) ? [...parameters, 0] : parameters }]);
        mayCrash(`after ${name}`);
        if (outcome?.ok) return outcome.value;
        throw outcome?.error;
      };
    },
  }) as unknown as LedgerStore;
}
