import type { Logger } from "pino";
import { MemoryCache } from "./adapters/caches/memory-cache.ts";
import { openRedisCache } from "./adapters/caches/redis-cache.ts";
import { KeptStatuses } from "./api/kept-statuses.ts";
import { tellingStore } from "./api/telling-store.ts";
import type { Config } from "./config/config-schema.ts";
import type { LedgerStore } from "./ports/ledger-store.ts";
import type { SharedCache } from "./ports/shared-cache.ts";
import { randomName } from "./std/random-id.ts";
import { steadyClock, systemClock } from "./std/system-clock.ts";

/** The ledger as it is used when statuses of tenants are kept: it tells whose it has changed. */
export interface CachedLedger {
  readonly store: LedgerStore;
  readonly cache: SharedCache;
  readonly statuses: KeptStatuses | undefined;
}

export async function openCache({ stores }: Config, ledger: LedgerStore, log: Logger, opened: (() => unknown)[]): Promise<CachedLedger> {
  const { cache: url, cache_prefix: prefix } = stores;
  const cache = url === "memory" ? new MemoryCache(steadyClock) : await openRedisCache({ url, prefix, log });
  opened.push(() => cache.close());
  const statuses = keptStatuses(cache, ledger);
  if (!statuses) return { store: ledger, cache, statuses };
  opened.push(() => statuses.close());
  return { store: tellingStore(ledger, statuses), cache, statuses };
}

/** In memory only of a ledger that nobody else writes: what others book would not be heard of. */
function keptStatuses(cache: SharedCache, ledger: LedgerStore): KeptStatuses | undefined {
  if (cache.kind === "memory" && ledger.shared) return undefined;
  return new KeptStatuses({ cache, now: systemClock, steadyNow: steadyClock, newWord: randomName });
}
