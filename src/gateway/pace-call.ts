import { Problem } from "../contract/problem.ts";
import { FRESH_PACING, isPaced, type PacingAccounts } from "../core/levers/paced-calls.ts";
import type { CallRecord } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";
import { leverSubjectsOf, subjectKeysOf } from "./lever-subjects.ts";
import type { Planning } from "./plan-call.ts";

/** What this process owes to the calls of each subject whose levers of pacing are turned. */
export type PacingBook = Map<string, PacingAccounts>;

/** Seconds: the next call of a share may be let through at any time; where none is, levers move in steps of ten minutes. */
const SHARED_S = 60;
const NONE_S = 600;

/**
 * Turns a call away where the share of its priority is used up. Calls of the holdout too: what is to be left for p0 cannot be spent on them.
 * @throws Problem paced
 */
export function paceCall(gateway: Gateway, record: CallRecord, planning: Planning): void {
  const { priority } = planning.caller;
  if (priority === "p0") return;
  const subjects = leverSubjectsOf(planning);
  const levers = gateway.levers.inForce(subjects);
  const lever = `pace_${priority}` as const;
  const share = levers[lever];
  if (share === undefined) return;
  // Of several subjects that pace it, the one with the least share: that is the one in force, and names of callers make no entry.
  const subject = subjectKeysOf(subjects).find((key) => gateway.levers.get(key)?.state.levers[lever]?.value === share) ?? "";
  const answer = isPaced(priority, levers, gateway.pacing.get(subject) ?? FRESH_PACING);
  gateway.pacing.set(subject, answer.accounts);
  if (!answer.isPaced) return;
  record.levers.push(`${lever}=${share}`);
  const message = `A spending policy of ${subject} lets ${share} % of the calls of priority ${priority} through for now, and this one has to wait.`;
  const details = { lever, subject, priority, share_percent: share, retry_after_s: share === 0 ? NONE_S : SHARED_S };
  throw new Problem("paced", details, { message });
}
