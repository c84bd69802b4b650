import type { GuardrailName } from "../policy/guardrail-list.ts";
import type { Instant } from "../time/window.ts";
import { type LeverId, leverKind } from "./lever-list.ts";

/** A change whose guardrails are still watched as closely as on its first minute. */
export interface Probation {
  readonly since: Instant;
  readonly until: Instant;
}

/** A revert that was decided and could not be carried out. */
export interface FailedRevert {
  readonly since: Instant;
  readonly to: number;
  readonly attempts: number;
  /** Somebody was paged for it. */
  readonly paged: boolean;
}

/** One lever of one subject, as it is in force. All of it is plain data. */
export interface LeverState {
  readonly value: number;
  /** What it was before the newest change, and goes back to when that fails its probation. */
  readonly before: number;
  /** When it was last turned towards the cheaper side, or that was tried. */
  readonly appliedAt?: Instant | undefined;
  /** When it was last turned back. */
  readonly revertedAt?: Instant | undefined;
  readonly probation?: Probation | undefined;
  /** Broken guardrails in a row, without a probation passed since. */
  readonly failures: number;
  readonly broke?: Break | undefined;
  /** After a broken guardrail it is not turned again before this. */
  readonly heldOffUntil?: Instant | undefined;
  readonly failedRevert?: FailedRevert | undefined;
}

/** The guardrails that a lever was last turned back for. */
export interface Break {
  readonly at: Instant;
  readonly guardrails: readonly GuardrailName[];
}

export type LeverStates = Readonly<Partial<Record<LeverId, LeverState>>>;

export function leverState(levers: LeverStates, id: LeverId): LeverState {
  return levers[id] ?? { value: leverKind(id).off, before: leverKind(id).off, failures: 0 };
}

/** Whether it does anything to calls. */
export function isTurned(levers: LeverStates, id: LeverId): boolean {
  return leverState(levers, id).value !== leverKind(id).off;
}
