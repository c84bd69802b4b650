import { afterFailure, type RetrySettings } from "../core/alerts/delivery-retry.ts";
import { heldUntil } from "../core/alerts/quiet-hours.ts";
import type { AlertStore, DueDelivery } from "../ports/alert-store.ts";
import { alertMessage, type EventSettings } from "./alert-event.ts";
import type { AlertLog, Channel } from "./channel.ts";

export interface DeliveryParts {
  readonly alerts: AlertStore;
  readonly retry: RetrySettings;
  readonly event: EventSettings;
  readonly now: () => number;
  /** 0 to below 1. */
  readonly random: () => number;
  readonly log: AlertLog;
}

const BATCH = 20;

/**
 * Sends what one channel has to send by now. A delivery counts as sent only after the store has it so: a crash in between sends it again,
 * under the same id. Each channel has a loop of its own, so one that is down holds up no other.
 * @param stopping the server stops: what is under way is cut off and stays due
 * @returns whether more may be due
 */
export async function deliverAlerts(channel: Channel, parts: DeliveryParts, stopping: AbortSignal): Promise<boolean> {
  const due = await parts.alerts.due(channel.name, parts.now(), BATCH);
  for (const delivery of due) {
    if (stopping.aborted) return false;
    await deliver(delivery, channel, parts, stopping);
  }
  return due.length === BATCH;
}

async function deliver(delivery: DueDelivery, channel: Channel, parts: DeliveryParts, stopping: AbortSignal): Promise<void> {
  const { alerts, now, log } = parts;
  const { alert, phase } = delivery;
  const at = now();
  const until = alert.facts.kind === "test" ? at : heldUntil(alert.severity, channel.quietHours, at);
  if (until > at) return alerts.postpone(delivery, until);
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(channel.timeoutMs)]);
  const result = await channel.send(alertMessage(alert, phase, parts.event), signal, at);
  if (result.outcome === "sent") return alerts.markSent(delivery, now());
  if (stopping.aborted) return undefined;
  const attempts = delivery.attempts + 1;
  const next = afterFailure({ attempts, retryAfterMs: result.retryAfterMs, forGood: result.forGood }, parts.retry, now(), parts.random());
  const dueAt = next.outcome === "again" ? next.dueAt : null;
  await alerts.markFailed(delivery, { attempts, dueAt, error: result.error });
  const facts = { channel: channel.name, alert: alert.id, phase, attempts, error: result.error };
  if (dueAt === null) log.error(facts, "an alert could not be delivered and is given up; ballast alert replay sends it again");
  else if (attempts === 1) log.warn(facts, "an alert could not be delivered; it is tried again");
  return undefined;
}
