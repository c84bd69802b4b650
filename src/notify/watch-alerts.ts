import { budgetOf } from "../core/alerts/alert.ts";
import { alertKey } from "../core/alerts/alert-key.ts";
import { recoveriesOf } from "../core/alerts/alert-recovery.ts";
import type { AlertRoute } from "../core/alerts/alert-routing.ts";
import { composeAlert } from "../core/alerts/compose-alert.ts";
import { formatUsd } from "../core/money/usd.ts";
import type { Instant } from "../core/time/window.ts";
import type { Hold, LedgerStore } from "../ports/ledger-store.ts";
import { stableId } from "../std/stable-id.ts";
import type { Channel } from "./channel.ts";

/** Few enough that the store's thread is not held up for calls. */
const PAGE = 500;
const MOST_HOLDS = 1000;
const DAY_MS = 86_400_000;
/** A hold that an operator will have to look at; younger ones may still be put right by the next start of their process. */
const DOUBT_LASTS_MS = 10 * 60_000;
/** A system that keeps its own list of alerts may lose it; it hears of the open ones as often as this. */
const TOLD_AGAIN_MS = 5 * 60_000;

export interface WatchParts {
  readonly store: LedgerStore;
  readonly channels: readonly Channel[];
  readonly routes: readonly AlertRoute[];
  readonly keepDays: number;
  readonly now: () => number;
}

/** Looks after what nobody else will: alerts that are over, holds that stay in doubt, channels that are gone. */
export async function watchAlerts({ store, channels, routes, keepDays, now }: WatchParts): Promise<void> {
  const { alerts } = store;
  const at = now();
  const holds = await store.holdsInDoubt(MOST_HOLDS);
  const lasting = holds.filter(({ since }) => since <= at - DOUBT_LASTS_MS);
  if (lasting.length > 0) {
    const alert = doubtAlert(lasting, routes, at);
    if (!(await alerts.isOpen(alert.key))) await alerts.raise(alert, at);
  }
  const followers = channels.filter(({ followsEach }) => followsEach).map(({ name }) => name);
  await endWhatIsOver(store, holds.length, followers, at);
  for (const name of followers) await alerts.tellAgain(name, at - TOLD_AGAIN_MS, at);

  const names = channels.map(({ name }) => name);
  for (const waiting of await alerts.waitingChannels()) {
    if (!names.includes(waiting)) await alerts.abandonChannel(waiting, "this channel is no longer configured");
  }
  await alerts.forget(at - keepDays * DAY_MS);
}

async function endWhatIsOver(store: LedgerStore, holdsInDoubt: number, followers: readonly string[], at: Instant): Promise<void> {
  const controls = new Map((await store.controls.states()).map(({ subject, state }) => [subject, state]));
  let after = "";
  for (;;) {
    const page = await store.alerts.open(after, PAGE);
    const budgetIds = [...new Set(page.flatMap(({ facts }) => budgetOf(facts)?.budgetId ?? []))];
    const accounts = new Map((await store.accounts(budgetIds, at)).map((account) => [account.budgetId, account]));
    const ends = recoveriesOf(page, { accounts, holdsInDoubt, controls }, at);
    if (ends.length > 0) await store.alerts.resolve(ends, followers, at);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = alertKey(last.facts, last.raisedAt);
  }
}

function doubtAlert(holds: readonly Hold[], routes: readonly AlertRoute[], raisedAt: number) {
  const inDoubtNano = holds.reduce((sum, { heldNano }) => sum + heldNano, 0n);
  const oldestAt = holds.reduce((oldest, { since }) => Math.min(oldest, since), raisedAt);
  const facts = { kind: "holds_in_doubt", holds: holds.length, inDoubtUsd: formatUsd(inDoubtNano), oldestAt } as const;
  return composeAlert({ facts, scope: {}, warnPercent: 100, raisedAt }, routes, stableId);
}
