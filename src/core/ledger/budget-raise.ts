import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";

/** More money on a budget for a time. The limit in force is the budget's own and all raises that are active. */
export interface BudgetRaise {
  readonly id: string;
  readonly budgetId: string;
  readonly amountNano: Nano;
  readonly beginsAt: Instant;
  readonly endsAt: Instant;
  readonly approver: string;
  readonly reason: string;
  readonly createdAt: Instant;
  /** Somebody ended it; `endsAt` is when. */
  readonly endedEarly: boolean;
  readonly state: RaiseState;
}

/** What the ledger has booked: nothing yet, the higher limit, or the way back. Never goes backwards. */
export const RAISE_STATES = ["planned", "active", "over"] as const;
export type RaiseState = (typeof RAISE_STATES)[number];

/** What has to be booked of the raise by now; undefined when nothing is due. One that was never in force is over without a booking. */
export function raiseTurn({ state, beginsAt, endsAt }: BudgetRaise, now: Instant): Exclude<RaiseState, "planned"> | undefined {
  if (state === "over") return undefined;
  if (endsAt <= now) return "over";
  return state === "planned" && beginsAt <= now ? "active" : undefined;
}
