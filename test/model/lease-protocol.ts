import { FAULT_ACTIONS } from "./fault-actions.ts";
import { OPERATOR_ACTIONS } from "./operator-actions.ts";
import { PROCESS_ACTIONS } from "./process-actions.ts";
import { type Action, idle, nothing, type World } from "./protocol-action.ts";
import type { State } from "./protocol-state.ts";
import { STORE_ACTIONS } from "./store-actions.ts";

/*
 * The lease protocol of many gateway processes on one store, one action a step that nothing can interrupt: a transaction of the store,
 * a write to the journal, something that a process does in memory. Between any two of them anything else may happen.
 *
 * Times are not modelled but allowed: whatever may be late may be late by any number of steps, and a process that does not reach the
 * store may expire at once or never. Two steps of one process that a crash between them cannot tell apart are one: held,
 * journalled and sent, since a journalled hold is in doubt whether its call was sent or not; journalled and told; carried out by the store
 * and heard of, unless the connection breaks just then.
 */
export const ACTIONS: readonly Action[] = [...PROCESS_ACTIONS, ...STORE_ACTIONS, ...OPERATOR_ACTIONS, ...FAULT_ACTIONS];

/** After every step: forgets what can no longer make a difference, so that the same state is seen as the same. */
export function tidyUp(world: World): void {
  const { state, keeps } = world;
  const someoneWaits = state.calls.some(({ waits }) => waits);
  for (const epoch of state.epochs) {
    if (!someoneWaits) epoch.recalled = false;
    if (epoch.idleSinceRecall.every((amount) => amount === 0)) continue;
    const lies = someoneWaits && epoch.inMemory && epoch.status === "alive" ? idle(world, epoch) : nothing(world);
    epoch.idleSinceRecall = epoch.idleSinceRecall.map((amount, account) => Math.max(0, Math.min(amount, lies[account]!)));
  }
  if (!keeps("recover once") || !keeps("end once") || !keeps("doubt ends once")) return;
  for (const call of state.calls) {
    const owner = state.epochs[call.epoch];
    if (!owner || call.booked === 0 || call.inDoubt || (owner.inMemory && !call.acknowledged && !owner.knowsItIsFenced)) continue;
    if (call.phase === "sent" && owner.inMemory) continue;
    Object.assign(call, { epoch: -1, acknowledged: false, holdJournalled: false, endJournalled: false, told: false, entered: true });
  }
  for (let index = state.epochs.length - 1; index >= 0; index--) if (isDoneWith(state, index)) removeEpoch(state, index);
}

function isDoneWith({ epochs, processes, calls }: State, index: number): boolean {
  const { status, inMemory, knowsItIsFenced, request, leased } = epochs[index]!;
  if (status !== "closed" || (inMemory && !knowsItIsFenced) || request || leased.some((amount) => amount !== 0)) return false;
  return processes.every(({ epoch }) => epoch !== index) && calls.every(({ epoch }) => epoch !== index);
}

function removeEpoch(state: State, index: number): void {
  state.epochs.splice(index, 1);
  for (const process of state.processes) if (process.epoch > index) process.epoch -= 1;
  for (const call of state.calls) if (call.epoch > index) call.epoch -= 1;
}
