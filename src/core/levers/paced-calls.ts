import type { Priority } from "../forecast/pacing.ts";
import type { LeversInForce } from "./levers-in-force.ts";

/** What is owed to the calls of one subject, in percent of a call, by priority. Plain data; a process keeps its own. */
export type PacingAccounts = Readonly<Record<"p1" | "p2", number>>;

/** Half a call ahead, so that the first call of many is neither always taken nor always turned away. */
export const FRESH_PACING: PacingAccounts = { p1: 50, p2: 50 };

export interface PacingAnswer {
  /** The call is turned away for now: 429, to be tried again. */
  readonly isPaced: boolean;
  readonly accounts: PacingAccounts;
}

/**
 * Whether a call waits for its priority's share. Of n calls in a row at one share, admitted are share * n to within one: each call adds the
 * share, and a whole call that has come together is let through. No dice, so that the same calls are admitted when they are replayed.
 */
export function isPaced(priority: Priority, levers: LeversInForce, accounts: PacingAccounts): PacingAnswer {
  const share = priority === "p0" ? undefined : levers[`pace_${priority}`];
  if (priority === "p0" || share === undefined) return { isPaced: false, accounts };
  const owed = accounts[priority] + share;
  const isAdmitted = owed >= 100;
  return { isPaced: !isAdmitted, accounts: { ...accounts, [priority]: isAdmitted ? owed - 100 : owed } };
}
