import type { AlertFacts, AlertListState, AlertPhase, AlertRecord, ResolvedWhy, Severity } from "../../core/alerts/alert.ts";
import { RESOLVED_STEP } from "../../core/alerts/alert-routing.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AlertDelivery, AlertStore, DeliveryKey, DueDelivery, ListedAlert, NewAlert } from "../../ports/alert-store.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

/** Each method of the port as an operation of the store's thread: "alerts.take" and so on. */
export function alertOperations(database: LedgerDatabase, audit: AuditLog): Readonly<Record<string, (...parameters: never[]) => unknown>> {
  const operations = new AlertOperations(database, audit);
  return Object.fromEntries(ALERT_METHODS.map((name) => [`alerts.${name}`, operations[name].bind(operations)]));
}

/** The port as seen from the server's thread: every method is a message to the store's. */
export function alertCalls(call: (operation: string, parameters: readonly unknown[]) => Promise<never>): AlertStore {
  const calls = ALERT_METHODS.map((name) => [name, (...parameters: unknown[]) => call(`alerts.${name}`, parameters)]);
  return Object.fromEntries(calls) as unknown as AlertStore;
}

const ALERT_METHODS = [
  "take",
  "raise",
  "due",
  "markSent",
  "markFailed",
  "postpone",
  "waitingChannels",
  "abandonChannel",
  "open",
  "isOpen",
  "resolve",
  "tellAgain",
  "forget",
  "counts",
  "list",
  "find",
  "acknowledge",
  "replay",
  "raiseTest",
] as const satisfies readonly (keyof AlertStore)[];

/** The port's methods, without their promises: they run within the transaction of the store's group. */
type Synchronous<Port> = {
  [Name in keyof Port]: Port[Name] extends (...parameters: infer Parameters) => Promise<infer Value>
    ? (...parameters: Parameters) => Value
    : never;
};

class AlertOperations implements Synchronous<AlertStore> {
  readonly #database: LedgerDatabase;
  readonly #audit: AuditLog;

  constructor(database: LedgerDatabase, audit: AuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  take(rows: readonly { seq: number; alert: NewAlert }[], at: Instant): number {
    const raised = rows.filter(({ alert }) => this.raise(alert, at)).length;
    this.#database.run("ack-outbox", { seqs: JSON.stringify(rows.map(({ seq }) => seq)) });
    return raised;
  }

  raise(alert: NewAlert, at: Instant): boolean {
    const { id, key, severity, scope, facts, raisedAt } = alert;
    const known = this.#database.one("alert-by-key", { key });
    if (known && (alert.once || known.resolved_at === null)) {
      this.#database.run("count-alert-again", { id: String(known.id), at });
      return false;
    }
    const row = { id, key, severity, scope: JSON.stringify(scope), facts: JSON.stringify(facts), raisedAt };
    if (this.#database.run("put-alert", row) === 0) {
      this.#database.run("count-alert-again", { id, at });
      return false;
    }
    for (const { channel, phase, step, dueAt } of alert.deliveries) {
      this.#database.run("put-alert-delivery", { alertId: id, channel, phase, step, dueAt });
    }
    return true;
  }

  due(channel: string, at: Instant, limit: number): DueDelivery[] {
    return this.#database.all("due-alert-deliveries", { channel, at, limit }).map((row) => {
      const alert = alertOfRow(row);
      return { alertId: alert.id, channel, phase: String(row.phase) as AlertPhase, attempts: Number(row.attempts), alert };
    });
  }

  markSent(key: DeliveryKey, at: Instant): void {
    this.#database.run("end-alert-delivery", { ...keyOf(key), at });
  }

  markFailed(key: DeliveryKey, { attempts, dueAt, error }: { attempts: number; dueAt: Instant | null; error: string }): void {
    const state = dueAt === null ? "dead" : "waiting";
    this.#database.run("fail-alert-delivery", { ...keyOf(key), state, dueAt: dueAt ?? 0, attempts, error });
  }

  postpone(key: DeliveryKey, dueAt: Instant): void {
    this.#database.run("postpone-alert-delivery", { ...keyOf(key), dueAt });
  }

  waitingChannels(): string[] {
    return this.#database.all("waiting-alert-channels").map((row) => String(row.channel));
  }

  abandonChannel(channel: string, error: string): number {
    return this.#database.run("abandon-alert-channel", { channel, error });
  }

  open(after: string, limit: number): AlertRecord[] {
    return this.#database.all("open-alerts", { after, limit }).map(alertOfRow);
  }

  isOpen(key: string): boolean {
    return this.#database.one("alert-by-key", { key })?.resolved_at === null;
  }

  resolve(ends: readonly { id: string; why: ResolvedWhy; tells: boolean }[], followers: readonly string[], at: Instant): void {
    for (const { id, why, tells } of ends) {
      if (this.#database.run("resolve-alert", { id, why, at }) === 0) continue;
      this.#database.run("drop-alert-escalation", { id });
      const reached = this.#deliveriesOf(id).filter(({ state }) => state !== "dead");
      const channels = new Set(reached.map(({ channel }) => channel).filter((channel) => tells || followers.includes(channel)));
      for (const channel of channels) {
        this.#database.run("put-alert-delivery", { alertId: id, channel, phase: "resolved", step: RESOLVED_STEP, dueAt: at });
      }
    }
  }

  tellAgain(channel: string, before: Instant, at: Instant): void {
    this.#database.run("tell-alerts-again", { channel, before, at });
  }

  forget(before: Instant): void {
    this.#database.run("forget-alert-deliveries", { before });
    this.#database.run("forget-alerts", { before });
  }

  counts(): { waiting: number; dead: number } {
    const row = this.#database.one("count-alert-deliveries", {})!;
    return { waiting: Number(row.waiting), dead: Number(row.dead) };
  }

  list(state: AlertListState, limit: number): ListedAlert[] {
    return this.#database.all("alerts-in-state", { state, limit }).map((row) => this.#listed(row));
  }

  find(id: string): ListedAlert | undefined {
    const row = this.#database.one("alert-by-id", { id });
    return row && this.#listed(row);
  }

  acknowledge(id: string, at: Instant, change: AuditedChange): ListedAlert | undefined {
    if (this.#database.run("acknowledge-alert", { id, at, actor: change.actor }) > 0) {
      this.#database.run("drop-alert-escalation", { id });
      this.#audit.append(change, at);
    }
    return this.find(id);
  }

  replay(id: string, channel: string | null, at: Instant, change: AuditedChange): number | undefined {
    if (!this.#database.one("alert-by-id", { id })) return undefined;
    const replayed = this.#database.run("replay-alert-deliveries", { id, channel: channel ?? "", at });
    if (replayed > 0) this.#audit.append(change, at);
    return replayed;
  }

  raiseTest(alert: NewAlert, at: Instant, change: AuditedChange): void {
    this.raise(alert, at);
    this.#audit.append(change, at);
  }

  #listed(row: SqlRow): ListedAlert {
    const alert = alertOfRow(row);
    return { ...alert, deliveries: this.#deliveriesOf(alert.id) };
  }

  #deliveriesOf(id: string): AlertDelivery[] {
    return this.#database.all("deliveries-of-alert", { id }).map((row) => ({
      alertId: id,
      channel: String(row.channel),
      phase: String(row.phase) as AlertPhase,
      state: String(row.state) as AlertDelivery["state"],
      dueAt: Number(row.due_at),
      attempts: Number(row.attempts),
      error: row.error === null ? null : String(row.error),
      sentAt: numberOrNull(row.sent_at),
    }));
  }
}

function keyOf({ alertId, channel, phase }: DeliveryKey) {
  return { alertId, channel, phase };
}

function alertOfRow(row: SqlRow): AlertRecord {
  return {
    id: String(row.id),
    severity: String(row.severity) as Severity,
    scope: JSON.parse(String(row.scope)),
    facts: JSON.parse(String(row.facts)) as AlertFacts,
    raisedAt: Number(row.raised_at),
    times: Number(row.times),
    lastAt: Number(row.last_at),
    ackedAt: numberOrNull(row.acked_at),
    ackedBy: row.acked_by === null ? null : String(row.acked_by),
    resolvedAt: numberOrNull(row.resolved_at),
    resolvedWhy: row.resolved_why === null ? null : (String(row.resolved_why) as ResolvedWhy),
  };
}

function numberOrNull(value: SqlRow[string] | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
