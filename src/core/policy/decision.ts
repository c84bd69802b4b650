import type { PacingFacts } from "../forecast/pacing.ts";
import type { LeverId } from "../levers/lever-list.ts";
import type { LeverStates } from "../levers/lever-state.ts";
import type { Signal, Signals } from "../levers/signal.ts";
import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";
import type { GuardrailName } from "./guardrail-list.ts";

/** What is spent of the caps' window. Exact, from the ledger; the share of a cap is computed for each policy. */
export interface Spending {
  readonly spentNano: Nano;
  readonly observedAt: Instant;
  /** When the caps begin anew. Where it is known, a forecast of a cap that lasts until then asks for nothing. */
  readonly windowEndsAt?: Instant | undefined;
}

/** What is known of one subject at one moment. */
export interface SubjectFacts {
  readonly spending: Spending | undefined;
  readonly signals: Signals;
  /** What each priority will spend, for the action `protect_p0`. */
  readonly pacing?: PacingFacts | undefined;
}

/** What is remembered of one subject between two ticks. Plain data, as it is stored. */
export interface ControlState {
  readonly levers: LeverStates;
  /** Keys of the thresholds that were reached and have not cleared. */
  readonly reached: readonly string[];
}

export const FRESH_STATE: ControlState = { levers: {}, reached: [] };

export interface CheckedGuardrail {
  readonly name: GuardrailName;
  readonly value: number;
  readonly limit: number;
}

export type RevertCause = "guardrail" | "cleared" | "excluded" | "approved" | "again" | "stopped";

/** One thing to do. All together they take the state to the next (`after-decisions.ts`). */
export type Decision =
  | {
      readonly kind: "apply";
      readonly lever: LeverId;
      readonly from: number;
      readonly to: number;
      /** Where the policy wants it; a step may end before. */
      readonly target: number;
      /** The thresholds that ask for it. */
      readonly because: readonly string[];
      readonly spentNano: Nano;
      readonly guardrails: readonly CheckedGuardrail[];
      /** Undefined for a lever that can break nothing. */
      readonly probationUntil: Instant | undefined;
    }
  | {
      readonly kind: "revert";
      readonly lever: LeverId;
      readonly from: number;
      readonly to: number;
      readonly cause: RevertCause;
      readonly detail: string;
      /** Of a broken guardrail: the values that were seen. */
      readonly guardrails: readonly CheckedGuardrail[];
      readonly holdOffUntil: Instant | undefined;
    }
  /** A change has passed its probation. */
  | { readonly kind: "keep"; readonly lever: LeverId; readonly value: number; readonly guardrails: readonly CheckedGuardrail[] }
  | {
      readonly kind: "reached" | "cleared";
      readonly threshold: string;
      readonly spentNano: Nano;
      readonly capNano: Nano;
      readonly hours?: number | undefined;
    }
  | { readonly kind: "notify"; readonly channel: string; readonly threshold: string }
  | { readonly kind: "ask_approval"; readonly threshold: string }
  | { readonly kind: "open_postmortem"; readonly facts: PostmortemFacts }
  | {
      readonly kind: "page";
      readonly about: "guardrail_broken" | "revert_failed";
      readonly levers: readonly LeverId[];
      readonly detail: string;
    };

/** What a postmortem begins with. */
export interface PostmortemFacts {
  readonly subject: string;
  readonly threshold: string;
  readonly openedAt: Instant;
  readonly capNano: Nano;
  readonly spentNano: Nano;
  readonly levers: readonly { readonly lever: LeverId; readonly value: number; readonly off: number }[];
  readonly signals: readonly Signal[];
  /** Ids of the approvals in force. */
  readonly approvals: readonly string[];
}

/** Why something that is asked for is not done now. */
export interface Held {
  /** A lever, "spending", "exhaustion", or an approval's id. */
  readonly what: string;
  readonly reason:
    | "no_signal"
    | "guardrail"
    | "probation"
    | "cool_down"
    | "held_off"
    | "revert_failed"
    | "approval_refused"
    | "waits_for_revert"
    | "stopped";
  readonly detail: string;
}

export interface Verdict {
  readonly decisions: readonly Decision[];
  readonly held: readonly Held[];
}
