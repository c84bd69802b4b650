import type { AlertListState, AlertPhase, AlertRecord, ResolvedWhy } from "../core/alerts/alert.ts";
import type { ComposedAlert } from "../core/alerts/compose-alert.ts";
import type { Instant } from "../core/time/window.ts";
import type { AuditedChange } from "./ledger-store.ts";

/**
 * Alerts and their deliveries, as they survive a restart. Every promise resolves only after the change is durable, and each method is
 * one transaction: an alert leaves the outbox together with its entry here, so a crash loses none.
 */
export interface AlertStore {
  /**
   * Takes rows of the outbox as alerts. One that is open already under its key is counted, not raised again.
   * @returns how many were raised
   */
  take(rows: readonly { readonly seq: number; readonly alert: NewAlert }[], at: Instant): Promise<number>;
  /** Raises an alert that no row of the outbox tells of. @returns false when it was counted instead */
  raise(alert: NewAlert, at: Instant): Promise<boolean>;

  /** What a channel has to send by now, oldest first; of one alert only its first unsent phase, so that phases keep their order. */
  due(channel: string, at: Instant, limit: number): Promise<readonly DueDelivery[]>;
  markSent(key: DeliveryKey, at: Instant): Promise<void>;
  /** @param dueAt when it is tried again; null sets it aside as dead */
  markFailed(
    key: DeliveryKey,
    failure: { readonly attempts: number; readonly dueAt: Instant | null; readonly error: string },
  ): Promise<void>;
  /** Not an attempt: quiet hours. */
  postpone(key: DeliveryKey, dueAt: Instant): Promise<void>;
  /** Channels that something waits for. */
  waitingChannels(): Promise<readonly string[]>;
  /** Sets aside all that waits for a channel that is gone. @returns how many */
  abandonChannel(channel: string, error: string): Promise<number>;

  /** Alerts that are not over, in the order of their keys. @param after a key; those after it */
  open(after: string, limit: number): Promise<readonly AlertRecord[]>;
  isOpen(key: string): Promise<boolean>;
  /**
   * Ends alerts: what they would have escalated to is dropped. Each channel that was told, or still is to be, hears of the end when
   * `tells` is set, and the channels of `followers` in any case.
   */
  resolve(
    ends: readonly { readonly id: string; readonly why: ResolvedWhy; readonly tells: boolean }[],
    followers: readonly string[],
    at: Instant,
  ): Promise<void>;
  /** Makes the first message of every open alert due again on a channel that was told before then. */
  tellAgain(channel: string, before: Instant, at: Instant): Promise<void>;
  /** Forgets alerts that were over before then, with their deliveries. */
  forget(before: Instant): Promise<void>;

  /** Deliveries that wait, and those that were given up. */
  counts(): Promise<{ readonly waiting: number; readonly dead: number }>;
  list(state: AlertListState, limit: number): Promise<readonly ListedAlert[]>;
  find(id: string): Promise<ListedAlert | undefined>;
  /** Stops the escalation. Doing it again changes nothing. @returns undefined when there is no such alert */
  acknowledge(id: string, at: Instant, change: AuditedChange): Promise<ListedAlert | undefined>;
  /** Makes dead deliveries due again, with all their attempts. @returns how many; undefined when there is no such alert */
  replay(id: string, channel: string | null, at: Instant, change: AuditedChange): Promise<number | undefined>;
  /** Raises an alert for one channel, on somebody's behalf. */
  raiseTest(alert: NewAlert, at: Instant, change: AuditedChange): Promise<void>;
}

export type NewAlert = ComposedAlert;

export interface DeliveryKey {
  readonly alertId: string;
  readonly channel: string;
  readonly phase: AlertPhase;
}

export interface DueDelivery extends DeliveryKey {
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly alert: AlertRecord;
}

export interface ListedAlert extends AlertRecord {
  readonly deliveries: readonly AlertDelivery[];
}

export interface AlertDelivery extends DeliveryKey {
  readonly state: "waiting" | "sent" | "dead";
  readonly dueAt: Instant;
  readonly attempts: number;
  /** Why the last attempt failed. Never holds an address or a secret. */
  readonly error: string | null;
  readonly sentAt: Instant | null;
}
