import type { Approval } from "../core/policy/approval.ts";
import type { ControlState, PostmortemFacts } from "../core/policy/decision.ts";
import type { Instant } from "../core/time/window.ts";
import type { AuditedChange } from "./ledger-store.ts";

/** One subject's levers and thresholds as they are stored. Its revision rises with every change. */
export interface StoredControl {
  /** "use_case:ops_copilot" */
  readonly subject: string;
  readonly revision: number;
  readonly state: ControlState;
}

/** What the controls remember, as it survives a restart. Every promise resolves only after the change is durable, each method is one transaction. */
export interface ControlStore {
  states(): Promise<readonly StoredControl[]>;
  /** All that one tick goes by, of one moment. */
  read(at: Instant): Promise<StoredControls>;
  /**
   * What a tick decided, of many subjects. Of a subject that somebody else changed since it was read nothing at all is written, and of none
   * when the switch was turned since: then all are stale. Other processes learn of it at once.
   */
  recordTick(tick: RecordedTick): Promise<TickAnswer>;
  /** Turns the switch with the states that go with it, all or none. @returns undefined when any was changed since it was read */
  turnSwitch(turn: SwitchTurn): Promise<TickAnswer | undefined>;

  /** Records an approval; the same id again changes nothing. */
  grant(approval: GrantedApproval, change: AuditedChange): Promise<StoredApproval>;
  /** Ends an approval before its time. One that is over stays as it is. @returns undefined when there is no such approval */
  withdraw(id: string, at: Instant, change: AuditedChange): Promise<StoredApproval | undefined>;
  /** The newest first, those that are over too. */
  approvals(limit: number): Promise<readonly StoredApproval[]>;

  /** The newest first. */
  postmortems(limit: number): Promise<readonly Postmortem[]>;
  findPostmortem(id: string): Promise<Postmortem | undefined>;
  /** Keeps what somebody wrote. @returns undefined when there is no such postmortem */
  writePostmortem(
    id: string,
    written: { readonly text: string; readonly closedBy: string | null; readonly at: Instant },
    change: AuditedChange,
  ): Promise<Postmortem | undefined>;
}

export interface StoredControls {
  readonly controls: readonly StoredControl[];
  /** Those that are in force or will be. */
  readonly approvals: readonly StoredApproval[];
  readonly switch: ControlSwitch;
}

/** Stopped, every lever is off and stays off. */
export interface ControlSwitch {
  readonly revision: number;
  readonly stopped: { readonly at: Instant; readonly by: string; readonly reason: string } | null;
}

export interface RecordedTick {
  readonly at: Instant;
  /** Of the switch, as it was read. */
  readonly switchRevision: number;
  readonly subjects: readonly RecordedSubject[];
}

/** One subject's part of a tick. */
export interface RecordedSubject {
  readonly subject: string;
  /** Of the state that was decided from; 0 where there was none. */
  readonly was: number;
  readonly state: ControlState;
  readonly changes: readonly AuditedChange[];
  readonly postmortems: readonly NewPostmortem[];
  /** Rows of the outbox under "alert", each an OutboxAlert as JSON. */
  readonly alerts: readonly string[];
}

export interface SwitchTurn extends RecordedTick {
  readonly stopped: { readonly by: string; readonly reason: string } | null;
  readonly change: AuditedChange;
}

export interface TickAnswer {
  readonly stored: readonly StoredControl[];
  /** Subjects that somebody else changed meanwhile. */
  readonly stale: readonly string[];
}

/** Somebody's approval, and who recorded it. */
export type GrantedApproval = Approval & { readonly grantedBy: string; readonly grantedAt: Instant };

export type StoredApproval = GrantedApproval & { readonly withdrawnAt: Instant | null };

export interface NewPostmortem {
  readonly id: string;
  readonly facts: PostmortemFacts;
}

export interface Postmortem extends NewPostmortem {
  readonly state: "open" | "closed";
  readonly text: string;
  readonly closedBy: string | null;
  readonly closedAt: Instant | null;
}
