import type { Law } from "./protocol-guards.ts";
import type { Bounds, Call, State } from "./protocol-state.ts";

/** @returns the first law that the state breaks. Whether anything is stuck shows only in all states together. */
export function brokenLaw(state: State, bounds: Bounds, ignoring?: Law): Law | undefined {
  const { accounts, calls } = state;
  if (accounts.some(({ spent, leased, doubt }, index) => spent + leased + doubt > bounds.limits[index]!)) return "within the limit";
  if (accounts.some((_, index) => billed(state, bounds, index) > counted(state, index))) return "billed is counted";
  if (calls.some((call) => call.told && call.epoch >= 0 && isForgotten(call, state))) return "told is kept";
  if (calls.some((call) => call.booked > 1)) return "booked once";
  return state.broken === ignoring ? undefined : state.broken || undefined;
}

/** Bookkeeping, which must be right in the whole protocol; a broken one is followed further, to where it costs money. */
export function booksAgree(state: State, bounds: Bounds): boolean {
  return state.accounts.every(({ spent, leased, doubt }, account) => {
    const on = (call: Call, amount: (shape: Bounds["calls"][number]) => number) => {
      const shape = bounds.calls[state.calls.indexOf(call)]!;
      return shape.accounts.includes(account) ? amount(shape) : 0;
    };
    const booked = sum(state.calls, (call) => (call.booked && isBilled(call) ? on(call, ({ cost }) => cost) : 0));
    const named = sum(state.calls, (call) => (call.inDoubt ? on(call, ({ hold }) => hold) : 0));
    const unexplained = sum(state.epochs, (epoch) => epoch.unexplained[account]!);
    const leases = sum(state.epochs, (epoch) => epoch.leased[account]!);
    return spent === booked && doubt === named + unexplained && leased === leases && spent >= 0 && leased >= 0 && doubt >= 0;
  });
}

/** Whether nothing is left to do but what waits for an operator. */
export function isQuiet(state: State): boolean {
  const owned = (call: Call) => state.epochs[call.epoch];
  return (
    state.accounts.every(({ leased }) => leased === 0) &&
    state.processes.every(({ status }) => status === "running") &&
    state.epochs.every(({ status, journalLost, request }) => request === undefined && (status !== "expired" || journalLost)) &&
    state.calls.every((call) => {
      if (call.phase === "new") return !call.waits;
      if (call.phase === "refused" || call.booked > 0 || owned(call)?.journalLost) return true;
      const mayStillEnd = owned(call)!.inMemory && call.phase !== "ended";
      // What is known to have ended is booked; only a call of which nobody knows the end stays in doubt.
      return call.inDoubt && !mayStillEnd && (call.kind === "doubt" || !call.endJournalled);
    })
  );
}

function billed(state: State, bounds: Bounds, account: number): number {
  return sum(state.calls, (call, index) => {
    const { accounts, cost } = bounds.calls[index]!;
    return isBilled(call) && accounts.includes(account) ? cost : 0;
  });
}

/** From the moment it is sent a call may be billed, whatever we come to hear of it. */
export function isBilled({ phase, kind }: Call): boolean {
  return phase === "sent" || (phase === "ended" && kind !== "release");
}

function counted(state: State, account: number): number {
  const { spent, leased, doubt } = state.accounts[account]!;
  return spent + leased + doubt;
}

/** Whether nobody will ever book this ending: neither the process that knows it, nor recovery from its journal. */
function isForgotten(call: Call, state: State): boolean {
  const { journalLost, inMemory, status } = state.epochs[call.epoch]!;
  if (call.booked > 0 || journalLost || call.kind === "doubt") return false;
  if (!call.endJournalled && !inMemory) return true;
  return status === "closed" && !call.inDoubt;
}

function sum<Item>(items: readonly Item[], amount: (item: Item, index: number) => number): number {
  let total = 0;
  for (let index = 0; index < items.length; index++) total += amount(items[index]!, index);
  return total;
}
