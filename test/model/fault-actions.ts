import { register } from "./process-actions.ts";
import { type Action, nothing, processName, reachesStore, requestWords, type World } from "./protocol-action.ts";
import type { Epoch, Process } from "./protocol-state.ts";
import { carryOut, isToCarryOut } from "./store-actions.ts";

/** What the world does, and how it comes right again. */
export const FAULT_ACTIONS: readonly Action[] = [
  fault(
    "pause",
    "running",
    (process) => `${processName(process)} is paused`,
    ({ state }, process) => {
      state.processes[process]!.status = "paused";
    },
  ),
  fault(
    "cut off",
    "running",
    (process) => `${processName(process)} is cut off from the store`,
    ({ state }, process) => {
      state.processes[process]!.status = "cut off";
    },
  ),
  fault("kill", "running", (process) => `${processName(process)} is killed`, die),
  fault("kill while paused", "paused", (process) => `${processName(process)} is killed while paused`, die),
  fault(
    "lose a machine",
    "running",
    (process) => `the machine of ${processName(process)} goes down, and its journal with it`,
    (world, process) => {
      die(world, process);
      for (const epoch of world.state.epochs) if (epoch.process === process && epoch.status !== "closed") epoch.journalLost = true;
    },
  ),
  {
    name: "restart the store",
    kind: "fault",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `the store carries out ${requestWords(state.epochs[epoch]!)}, and restarts before it answers`,
    may: (world, index) => {
      const { faultsLeft, epochs } = world.state;
      return faultsLeft > 0 && isToCarryOut(epochs[index]!) && reachesStore(world, epochs[index]!);
    },
    effect: (world, epoch) => {
      world.state.faultsLeft -= 1;
      carryOut(world, epoch, false);
    },
  },
  recovery(
    "resume",
    "paused",
    (process) => `${processName(process)} resumes`,
    () => {},
  ),
  recovery(
    "reconnect",
    "cut off",
    (process) => `${processName(process)} reaches the store again`,
    () => {},
  ),
  recovery("restart", "dead", (process) => `${processName(process)} starts again`, register),
];

function fault(
  name: string,
  from: Process["status"],
  says: (process: number) => string,
  effect: (world: World, process: number) => void,
): Action {
  return {
    name,
    kind: "fault",
    subjects: ["process"],
    says: (_, process) => says(process),
    may: ({ state }, process) => state.faultsLeft > 0 && state.processes[process]!.status === from,
    effect: (world, process) => {
      world.state.faultsLeft -= 1;
      effect(world, process);
    },
  };
}

function recovery(
  name: string,
  from: Process["status"],
  says: (process: number) => string,
  effect: (world: World, process: number) => void,
): Action {
  return {
    name,
    kind: "step",
    subjects: ["process"],
    says: (_, process) => says(process),
    may: ({ state }, process) => state.processes[process]!.status === from,
    effect: (world, process) => {
      world.state.processes[process]!.status = "running";
      effect(world, process);
    },
  };
}

function livesOf({ state }: World, process: number): Epoch[] {
  return state.epochs.filter((epoch) => epoch.process === process && epoch.inMemory);
}

/** Everything in memory is gone. What was on its way to the store may still arrive. */
function die(world: World, process: number): void {
  const { state } = world;
  state.processes[process]!.status = "dead";
  for (const epoch of livesOf(world, process)) {
    epoch.inMemory = false;
    epoch.knowsItIsFenced = false;
    epoch.granted = nothing(world);
    if (epoch.request?.phase === "unheard") epoch.request = undefined;
    for (const call of state.calls) {
      if (state.epochs[call.epoch] !== epoch) continue;
      call.held = 0;
      call.acknowledged = false;
    }
  }
}
