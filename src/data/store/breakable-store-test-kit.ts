import { Problem } from "../../contract/problem.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";

/** For tests: a real store that cannot be reached while `isDown` says so. */
export function breakableStore(own: LedgerStore, isDown: () => boolean): LedgerStore {
  return new Proxy(own, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== "function" || name === "onNews") return typeof method === "function" ? method.bind(target) : method;
      return async (...parameters: unknown[]) => {
        if (isDown()) throw new Problem("store_unavailable");
        return await method.apply(target, parameters);
      };
    },
  });
}
