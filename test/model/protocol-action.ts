import type { Guard } from "./protocol-guards.ts";
import type { Bounds, Call, Epoch, State } from "./protocol-state.ts";

export interface World {
  readonly state: State;
  readonly bounds: Bounds;
  keeps(guard: Guard): boolean;
}

export interface Action {
  readonly name: string;
  /** `fault`: what the world does to us. `human`: an operator. Neither is needed for money to come free. */
  readonly kind: "step" | "fault" | "human";
  /** What the action's numbers count. */
  readonly subjects: readonly ("process" | "epoch" | "call")[];
  /** In words, for traces. */
  says(world: World, first: number, second: number): string;
  may(world: World, first: number, second: number): boolean;
  /** Changes the state of the world it is given: a copy. */
  effect(world: World, first: number, second: number): void;
}

const PROCESSES = ["p1", "p2", "p3"];
const CALLS = ["A", "B", "C", "D"];
export const processName = (process: number) => PROCESSES[process]!;
export const callName = (call: number) => `call ${CALLS[call]!}`;
export const ownerName = (state: State, call: number) => processName(state.epochs[state.calls[call]!.epoch]!.process);

export function requestWords({ process, request }: Epoch): string {
  const words = { lease: "request for a lease", settle: "ending", "give back": "return" };
  return `${processName(process)}'s ${words[request!.kind]}`;
}

export function runs({ state }: World, epoch: Epoch): boolean {
  const { status } = state.processes[epoch.process]!;
  return epoch.inMemory && (status === "running" || status === "cut off");
}

export function reachesStore({ state }: World, epoch: Epoch): boolean {
  return epoch.inMemory && state.processes[epoch.process]!.status === "running";
}

export function isUnderWay(world: World, call: Call): boolean {
  return call.epoch >= 0 && runs(world, world.state.epochs[call.epoch]!);
}

export function nothing({ bounds }: World): number[] {
  return bounds.limits.map(() => 0);
}

/** By account, in the memory of the process: leased and not held. */
export function idle({ state, bounds }: World, epoch: Epoch): number[] {
  const free = epoch.granted.slice();
  state.calls.forEach((call, index) => {
    if (call.held === 0 || state.epochs[call.epoch] !== epoch) return;
    for (const account of bounds.calls[index]!.accounts) free[account]! -= call.held;
  });
  return free;
}

/** What an ending takes out of the lease for good. */
export function consumed({ state, bounds }: Pick<World, "state" | "bounds">, index: number): number {
  const { cost, hold } = bounds.calls[index]!;
  const { kind } = state.calls[index]!;
  return kind === "settle" ? cost : kind === "doubt" ? hold : 0;
}
