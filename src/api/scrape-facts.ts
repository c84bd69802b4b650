import { ratioText } from "../core/unit-cost/unit-cost-figures.ts";
import { hardLimitReached, type Standing } from "../reports/budget-standing.ts";
import type { ScrapeFacts } from "../telemetry/metrics.ts";
import type { ApiDeps } from "./api-deps.ts";
import { MOST_SHOWN } from "./nearest-budgets.ts";

const MOST_HOLDS = 100_000;
const PING_MS = 2_000;

/** What the metrics need from ledger and warehouse, read at the moment of a scrape: the numbers of the API. */
export async function scrapeFacts(deps: ApiDeps): Promise<ScrapeFacts> {
  const [{ shown, omitted }, outbox, alerts, holds, warehouseUp] = await Promise.all([
    // Series per budget are bounded: a scrape must stay readable, however many tenants there are.
    deps.nearest.standings(MOST_SHOWN, deps.now()),
    deps.store.outboxDepth(),
    deps.store.alerts.counts(),
    deps.store.holdsInDoubt(MOST_HOLDS),
    answers(deps.warehouse),
  ]);
  return {
    accounts: shown.map(({ account }) => account),
    accountsOmitted: omitted,
    hardLimits: hardLimits(shown),
    baselines: await baselines(deps, warehouseUp),
    levers: deps.controls.turned(),
    controls: deps.controls.counts,
    outboxWaiting: outbox.waiting,
    outboxParked: outbox.parked,
    alertsWaiting: alerts.waiting,
    alertsDead: alerts.dead,
    holdsInDoubt: holds.length,
    warehouseUp,
    cacheUp: deps.statuses?.state().up ?? true,
    statusReads: deps.statuses?.reads() ?? {},
  };
}

/** A measured baseline is asked for while the warehouse answers, and not again within the hour. */
async function baselines({ baselines: kept, warehouse, now }: ApiDeps, warehouseUp: boolean): Promise<ScrapeFacts["baselines"]> {
  const found: { useCase: string; usd: string }[] = [];
  for (const useCase of kept.useCases()) {
    // The other numbers of a scrape must not wait for one that the warehouse could not give.
    const usd = ratioText(await kept.of(useCase, warehouseUp ? warehouse : undefined, now()).catch(() => null));
    if (usd !== null) found.push({ useCase, usd });
  }
  return found;
}

/** Per tenant and model: reached when any hard budget of theirs, whatever its window, has nothing left. */
function hardLimits(standings: readonly Standing[]): ScrapeFacts["hardLimits"] {
  const found = new Map<string, { tenant: string; model: string; reached: boolean }>();
  for (const standing of standings) {
    const { tenant, model = "*", ...others } = standing.budget.selector;
    if (tenant === undefined || Object.keys(others).length > 0 || !standing.account.hard) continue;
    const key = `${tenant}\u0000${model}`;
    const reached = hardLimitReached(standing) || (found.get(key)?.reached ?? false);
    found.set(key, { tenant, model, reached });
  }
  return [...found.values()];
}

/** A scrape never waits long for an engine that hangs. */
async function answers(warehouse: ApiDeps["warehouse"]): Promise<boolean> {
  if (!warehouse) return false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PING_MS);
  });
  const ping = warehouse.ping().then(
    () => true,
    () => false,
  );
  const up = await Promise.race([ping, late]);
  clearTimeout(timer);
  return up;
}
