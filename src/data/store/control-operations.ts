import type { Approval } from "../../core/policy/approval.ts";
import type { PostmortemFacts } from "../../core/policy/decision.ts";
import { subjectKey, subjectOf } from "../../core/policy/policy.ts";
import type { Instant } from "../../core/time/window.ts";
import type {
  ControlStore,
  ControlSwitch,
  GrantedApproval,
  Postmortem,
  RecordedSubject,
  RecordedTick,
  StoredApproval,
  StoredControl,
  StoredControls,
  SwitchTurn,
  TickAnswer,
} from "../../ports/control-store.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

const METHODS = [
  "states",
  "read",
  "recordTick",
  "turnSwitch",
  "grant",
  "withdraw",
  "approvals",
  "postmortems",
  "findPostmortem",
  "writePostmortem",
] as const satisfies readonly (keyof ControlStore)[];

/** Each method of the port as an operation of the store's thread: "controls.recordTick" and so on. */
export function controlOperations(operations: ControlOperations): Readonly<Record<string, (...parameters: never[]) => unknown>> {
  return Object.fromEntries(METHODS.map((name) => [`controls.${name}`, operations[name].bind(operations)]));
}

/** The port as seen from the server's thread: every method is a message to the store's. */
export function controlCalls(call: (operation: string, parameters: readonly unknown[]) => Promise<never>): ControlStore {
  const calls = METHODS.map((name) => [name, (...parameters: unknown[]) => call(`controls.${name}`, parameters)]);
  return Object.fromEntries(calls) as unknown as ControlStore;
}

/** The port's methods, without their promises: they run within the transaction of the store's group. */
export class ControlOperations {
  readonly #database: LedgerDatabase;
  readonly #audit: AuditLog;
  readonly #sheet: BalanceSheet;

  constructor(database: LedgerDatabase, audit: AuditLog, sheet: BalanceSheet) {
    this.#database = database;
    this.#audit = audit;
    this.#sheet = sheet;
  }

  states(): StoredControl[] {
    return this.#database.all("all-control-states").map(controlOfRow);
  }

  since(version: number): StoredControl[] {
    return this.#database.all("control-states-since", { version }).map(controlOfRow);
  }

  read(at: Instant): StoredControls {
    const approvals = this.#database.all("control-approvals-not-over", { at }).map(approvalOfRow);
    return { controls: this.states(), approvals, switch: this.#switch() };
  }

  recordTick({ at, switchRevision, subjects }: RecordedTick): TickAnswer {
    if (this.#switch().revision !== switchRevision) return { stored: [], stale: subjects.map(({ subject }) => subject) };
    const stored: StoredControl[] = [];
    const stale: string[] = [];
    for (const subject of subjects) {
      if (this.#put(subject, at)) stored.push({ subject: subject.subject, revision: subject.was + 1, state: subject.state });
      else stale.push(subject.subject);
    }
    return { stored, stale };
  }

  turnSwitch({ stopped, change, ...tick }: SwitchTurn): TickAnswer | undefined {
    if (this.#switch().revision !== tick.switchRevision || tick.subjects.some((each) => !this.#isAsRead(each))) return undefined;
    const answer = this.recordTick(tick);
    const stoppedAt = stopped ? tick.at : null;
    this.#database.run("turn-control-switch", { stoppedAt, stoppedBy: stopped?.by ?? null, reason: stopped?.reason ?? null });
    this.#sheet.changed();
    this.#audit.append(change, tick.at);
    return answer;
  }

  grant(approval: GrantedApproval, change: AuditedChange): StoredApproval {
    const { id, subject, kind, approver, grantedBy, grantedAt, from, until } = approval;
    const reason = approval.kind === "exclusion" ? approval.reason : "";
    const row = { id, subject: subjectKey(subject), kind, reason, approver, grantedBy, grantedAt, beginsAt: from, endsAt: until };
    if (this.#database.run("put-control-approval", row) > 0) {
      this.#sheet.changed();
      this.#audit.append(change, grantedAt);
    }
    return approvalOfRow(this.#database.one("control-approval-by-id", { id })!);
  }

  withdraw(id: string, at: Instant, change: AuditedChange): StoredApproval | undefined {
    if (this.#database.run("withdraw-control-approval", { id, at }) > 0) {
      this.#sheet.changed();
      this.#audit.append(change, at);
    }
    const row = this.#database.one("control-approval-by-id", { id });
    return row && approvalOfRow(row);
  }

  approvals(limit: number): StoredApproval[] {
    return this.#database.all("newest-control-approvals", { limit }).map(approvalOfRow);
  }

  postmortems(limit: number): Postmortem[] {
    return this.#database.all("newest-postmortems", { limit }).map(postmortemOfRow);
  }

  findPostmortem(id: string): Postmortem | undefined {
    const row = this.#database.one("postmortem-by-id", { id });
    return row && postmortemOfRow(row);
  }

  writePostmortem(
    id: string,
    { text, closedBy, at }: { text: string; closedBy: string | null; at: Instant },
    change: AuditedChange,
  ): Postmortem | undefined {
    const state = closedBy === null ? "open" : "closed";
    const closedAt = closedBy === null ? null : at;
    if (this.#database.run("change-postmortem", { id, text, state, closedBy, closedAt }) === 0) return undefined;
    this.#audit.append(change, at);
    return this.findPostmortem(id);
  }

  #switch(): ControlSwitch {
    const row = this.#database.one("control-switch", {})!;
    const stopped = row.stopped_at === null ? null : { at: Number(row.stopped_at), by: String(row.stopped_by), reason: String(row.reason) };
    return { revision: Number(row.revision), stopped };
  }

  #isAsRead({ subject, was }: RecordedSubject): boolean {
    return Number(this.#database.one("control-revision", { subject })?.revision ?? 0) === was;
  }

  /** @returns false when the subject was changed since it was read; then nothing of it is written */
  #put({ subject, was, state, changes, postmortems, alerts }: RecordedSubject, at: Instant): boolean {
    const row = { subject, revision: was + 1, was, state: JSON.stringify(state), at, version: this.#sheet.changed() };
    if (this.#database.run("put-control-state", row) === 0) return false;
    for (const change of changes) this.#audit.append(change, at);
    for (const { id, facts } of postmortems) {
      const { threshold, openedAt } = facts;
      this.#database.run("put-postmortem", { id, subject: facts.subject, threshold, openedAt, facts: textOfFacts(facts) });
    }
    for (const alert of alerts) this.#database.runPositional("append-outbox", "alert", alert);
    return true;
  }
}

function controlOfRow(row: SqlRow): StoredControl {
  return { subject: String(row.subject), revision: Number(row.revision), state: JSON.parse(String(row.state)) };
}

function approvalOfRow(row: SqlRow): StoredApproval {
  const approval = {
    id: String(row.id),
    subject: subjectOf(String(row.subject)),
    approver: String(row.approver),
    from: Number(row.begins_at),
    until: Number(row.ends_at),
    grantedBy: String(row.granted_by),
    grantedAt: Number(row.granted_at),
    withdrawnAt: row.withdrawn_at === null ? null : Number(row.withdrawn_at),
  };
  const kind = String(row.kind) as Approval["kind"];
  return kind === "exclusion" ? { ...approval, kind, reason: String(row.reason) } : { ...approval, kind };
}

function postmortemOfRow(row: SqlRow): Postmortem {
  return {
    id: String(row.id),
    facts: factsOfText(String(row.facts)),
    state: String(row.state) as Postmortem["state"],
    text: String(row.text),
    closedBy: row.closed_by === null ? null : String(row.closed_by),
    closedAt: row.closed_at === null ? null : Number(row.closed_at),
  };
}

/** Amounts are text in JSON, which has no integers of that size. */
function textOfFacts(facts: PostmortemFacts): string {
  return JSON.stringify({ ...facts, capNano: String(facts.capNano), spentNano: String(facts.spentNano) });
}

function factsOfText(text: string): PostmortemFacts {
  const { capNano, spentNano, ...facts } = JSON.parse(text);
  return { ...facts, capNano: BigInt(capNano), spentNano: BigInt(spentNano) };
}
