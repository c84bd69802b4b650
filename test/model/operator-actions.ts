import { type Action, callName, processName, type World } from "./protocol-action.ts";
import { isBilled } from "./protocol-laws.ts";
import { explainHold, freeUnexplained } from "./store-actions.ts";

/** What an operator does, by evidence of the provider. */
export const OPERATOR_ACTIONS: readonly Action[] = [
  {
    name: "resolve an expired lease",
    kind: "human",
    subjects: ["epoch"],
    says: ({ state }, epoch) =>
      `an operator resolves what ${processName(state.epochs[epoch]!.process)} left in doubt, by what the provider has billed`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      return epoch.status === "expired" && (!epoch.inMemory || !world.keeps("operator waits for death"));
    },
    effect: (world, epoch) => resolveLease(world, epoch),
  },
  {
    name: "resolve a hold",
    kind: "human",
    subjects: ["call"],
    says: (_, call) => `an operator resolves the hold of ${callName(call)}, by what the provider has billed`,
    may: (world, index) => {
      const call = world.state.calls[index]!;
      if (!call.inDoubt) return false;
      const isOver = call.phase === "ended" || !world.state.epochs[call.epoch]!.inMemory;
      return isOver || !world.keeps("operator waits for death");
    },
    effect: ({ state, bounds }, index) => explainHold({ state, bounds }, index, isBilled(state.calls[index]!)),
  },
];

/** What the provider billed for calls of the expired lease is booked as one sum, the rest is free. */
function resolveLease({ state, bounds }: World, index: number): void {
  const epoch = state.epochs[index]!;
  epoch.status = "closed";
  state.calls.forEach((call, number) => {
    if (call.epoch !== index || call.entered) return;
    const { accounts, cost } = bounds.calls[number]!;
    if (isBilled(call)) for (const account of accounts) state.accounts[account]!.spent += cost;
    // Closed for good: what its process never sent is settled with nothing.
    call.booked += 1;
  });
  freeUnexplained(state, epoch);
}
